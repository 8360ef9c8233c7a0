"""Cut a zone out of the photo, as the texture signal that the metrics see.

Every photo is brought to the same total blur and the same grid. Nothing else is resampled: a zone is never warped
onto another photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated

import cv2
import numpy as np
from pydantic import AfterValidator, Field
from scipy.sparse import csr_array

from skintexture.locate.grid import Grid
from skintexture.locate.quality import NOISE_BLOCK_PX, noise_pct, whole_blocks
from skintexture.locate.scene import Scene
from skintexture.locate.skin import luminance
from skintexture.locate.surface import LEAST_COS
from skintexture.model import BoolImage, Channel, FloatArray, FloatImage, Patch, Photo, Zone
from skintexture.params import Millimetres, Params, PxPerMm, unique

_FLOOR = 1e-4
_NOISE_SAMPLE_PX = 400_000
_PHASES = 33
_LEAST_REACH_PX = 4
LEAST_SIGMA_PX = 0.45
"""Least blur that is added: a narrower Gaussian falls between the pixels."""
FAITHFUL_CHROMA_QUALITY = 90.0
"""JPEG stored worse takes more than a seventh of the finest texture of the difference of red and blue."""
PAIRED_CHROMA_QUALITY = 85.0
"""Where both photos of a pair lose alike, or the loss is allowed for, as much is left from here on."""
# The local mean is smooth: it is taken at this fraction of the grid's resolution.
_MEAN_STEP = 4


class GridParams(Params):
    """The grid and blur that every photo is brought to.

    Attributes
    ----------
    px_per_mm : float
        Of the grid.
    blur_mm : float
        Total blur, σ: the photo's own and what is added to it.
    photo_blur_px : float
        Blur that a well-focused photo has of its own in its pixels, σ (lens, pixels, demosaicing).
    local_mean_mm : float
        σ of the Gaussian whose local mean is taken off.
    channels : tuple of str
        Of which light texture is measured.
    """

    px_per_mm: PxPerMm
    blur_mm: Millimetres
    photo_blur_px: Annotated[float, Field(ge=0, le=5)]
    local_mean_mm: Millimetres
    channels: Annotated[tuple[Channel, ...], Field(min_length=1), AfterValidator(unique)]


@dataclass(frozen=True, slots=True)
class Cutting:
    """A piece of the photo on the recipe's grid.

    Attributes
    ----------
    patches : mapping of channel to Patch
        Their mask is the measurable skin inside the outline.
    wide : Patch
        The light in which pores are sought: the mean of the logs of red and green. Pits are dark in all colours, spots
        of pigment and blood least in red. Its mask is grown by the margin asked for: room for what is judged by its
        surround. What counts lies inside the zone.
    origin_px, step_px : (y, x), float
        Photo coordinates of the first grid pixel, and photo pixels per grid pixel.
    log_light : (H, W) float32
        Natural log of luminance, its slow shading included.
    """

    patches: dict[Channel, Patch]
    wide: Patch
    origin_px: tuple[float, float]
    step_px: float
    log_light: FloatImage

    def wide_without(self, outlines_px: tuple[FloatArray, ...], margin_px: float) -> Patch:
        """Return ``wide`` without what lies inside these outlines, but for a margin along them that doesn't count."""
        frame = Grid(self.origin_px, self.step_px, self.wide.mask.shape)
        held = np.zeros(frame.shape, dtype=np.uint8)
        for outline in outlines_px:
            held |= fill_outline(frame, outline).astype(np.uint8)
        deep = cv2.distanceTransform(held, cv2.DIST_L2, cv2.DIST_MASK_5) > margin_px
        counted = held == 0 if self.wide.counted is None else self.wide.counted & (held == 0)
        return replace(self.wide, mask=self.wide.mask & ~deep, counted=counted)


@dataclass(frozen=True, slots=True)
class CutRules:
    """How zones are cut.

    Attributes
    ----------
    grid : GridParams
    max_slant_deg : float
        The steepest slant that is measured.
    margin_mm : float
        By which `Cutting.wide` exceeds the zone's outline.
    extra_blur_mm : float
        Beyond the recipe's, to bring this photo to a softer one's sharpness.
    least_chroma_quality : float
        Of the file, for the difference of red and blue to be measured.
    """

    grid: GridParams
    max_slant_deg: float
    margin_mm: float
    extra_blur_mm: float = 0.0
    least_chroma_quality: float = FAITHFUL_CHROMA_QUALITY

    def added_blur_px(self, px_per_mm: float) -> float:
        """Blur that a photo of this resolution lacks, σ in its own pixels."""
        total_px = math.hypot(self.grid.blur_mm, self.extra_blur_mm) * px_per_mm
        return max(LEAST_SIGMA_PX, math.sqrt(max(0.0, total_px**2 - self.grid.photo_blur_px**2)))


@dataclass(frozen=True, slots=True)
class SharedSkin:
    """The part of a zone that two photos share, on the grid of one of them.

    Attributes
    ----------
    frame : Grid
        Over the photo that is cut.
    inside : (H, W) bool
        The zone.
    usable : (H, W) bool
        What is measurable in the other photo.
    """

    frame: Grid
    inside: BoolImage
    usable: BoolImage


def cut(scene: Scene, zone: Zone, rules: CutRules, shared: SharedSkin | None = None) -> Cutting:
    """Cut one zone.

    Parameters
    ----------
    scene : Scene
    zone : Zone
        Its resolution must not be below the grid's.
    rules : CutRules
    shared : SharedSkin, optional
        Takes the place of the zone's own outline, and leaves out what the other photo can't show.

    Returns
    -------
    Cutting
    """
    grid = rules.grid
    frame = frame_of(zone, rules) if shared is None else shared.frame
    seen_cos = scene.surface.cos_at(frame)
    cos = np.clip(seen_cos, LEAST_COS, 1.0)
    bare = scene.skin.bare_at(frame) & (seen_cos >= math.cos(math.radians(rules.max_slant_deg)))
    piece = _cut_piece(scene.photo, zone, frame, rules)
    usable = bare & piece.valid if shared is None else bare & piece.valid & shared.usable
    inside = fill_outline(frame, zone.outline_px) if shared is None else shared.inside
    wide_mask = usable & _grown(inside, rules.margin_mm * grid.px_per_mm)
    surround, mask = _Surround.of(usable, grid), usable & inside
    patches = {
        channel: Patch(
            signal=surround.contrast_pct(log_light),
            mask=mask,
            px_per_mm=grid.px_per_mm,
            cos_slant=cos,
            noise_pct=piece.noise_pct[channel],
            noise_px_per_mm=zone.px_per_mm,
            noise_blur_mm=piece.added_blur_mm,
        )
        for channel, log_light in piece.log_light.items()
    }
    pore_signal = surround.contrast_pct(piece.pore_light)
    wide = replace(
        patches["luminance"], signal=pore_signal, mask=wide_mask, noise_pct=piece.pore_noise_pct, counted=inside
    )
    return Cutting(patches, wide, frame.origin_px, frame.step_px, piece.log_light["luminance"])


def fill_outline(grid: Grid, outline_px: FloatArray) -> BoolImage:
    """Places of a grid that lie inside a polygon, whose corners are ``(y, x)`` in the photo."""
    at = (outline_px - np.array(grid.origin_px)) / grid.step_px
    drawn = np.zeros(grid.shape, dtype=np.uint8)
    cv2.fillPoly(drawn, [np.rint(at[:, ::-1] * 16).astype(np.int32)], 1, shift=4)
    return drawn.astype(bool)


def measurable_channels(
    photo: Photo, asked: tuple[Channel, ...], least_chroma_quality: float = FAITHFUL_CHROMA_QUALITY
) -> dict[Channel, tuple[str, ...]]:
    """Which channels this photo can give, with the caveat where it can't.

    Luminance is always among them, for the pores.
    """
    reasons: dict[Channel, tuple[str, ...]] = {"luminance": ()}
    for channel in asked:
        missing: tuple[str, ...] = ()
        if channel != "luminance" and not photo.has_colour:
            missing = ("no_colour",)
        elif channel == "red_minus_blue" and photo.chroma_quality < least_chroma_quality:
            missing = ("subsampled_colour",)
        reasons[channel] = missing
    return reasons


def _grown(area: BoolImage, by_px: float) -> BoolImage:
    distance = cv2.distanceTransform((~area).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.asarray(distance <= by_px)


def frame_of(zone: Zone, rules: CutRules) -> Grid:
    """Lay the recipe's grid over a zone and its margin."""
    step = zone.px_per_mm / rules.grid.px_per_mm
    reach = rules.margin_mm * zone.px_per_mm
    low, high = zone.outline_px.min(axis=0) - reach, zone.outline_px.max(axis=0) + reach
    rows, columns = (int(n) for n in np.ceil((high - low) / step) + 1)
    return Grid((float(low[0]), float(low[1])), step, (rows, columns))


@dataclass(frozen=True, slots=True)
class _Piece:
    log_light: dict[Channel, FloatImage]
    valid: BoolImage
    noise_pct: dict[Channel, float]
    added_blur_mm: float
    pore_light: FloatImage
    pore_noise_pct: float


def clipped_reach_px(added_blur_px: float) -> int:
    """Side of the square over which the light of a clipped pixel is spread by the blur."""
    return 2 * math.ceil(2 * added_blur_px) + 3


def _cut_piece(photo: Photo, zone: Zone, frame: Grid, rules: CutRules) -> _Piece:
    """Blur in linear light, resample once, take logarithms."""
    added_px = rules.added_blur_px(zone.px_per_mm)
    margin = math.ceil(4 * added_px) + 3
    last = np.array(frame.origin_px) + frame.step_px * (np.array(frame.shape) - 1)
    y0, x0 = (max(0, math.floor(v) - margin) for v in frame.origin_px)
    box = (slice(y0, math.ceil(last[0]) + margin + 1), slice(x0, math.ceil(last[1]) + margin + 1))
    light = photo.linear_rgb[box]
    sampled = resample_gaussian(light, added_px, (frame.origin_px[0] - y0, frame.origin_px[1] - x0), frame)
    side = clipped_reach_px(added_px)
    spread = cv2.dilate(photo.clipped[box].astype(np.uint8), np.ones((side, side), np.uint8))
    unknown = cv2.warpAffine(
        spread,
        np.array([[frame.step_px, 0, frame.origin_px[1] - x0], [0, frame.step_px, frame.origin_px[0] - y0]]),
        (frame.shape[1], frame.shape[0]),
        flags=cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=1,
    )
    found = measurable_channels(photo, rules.grid.channels, rules.least_chroma_quality)
    channels = tuple(name for name, missing in found.items() if not missing)
    inside = np.zeros(light.shape[:2], dtype=np.uint8)
    cv2.fillPoly(inside, [np.rint(zone.outline_px - (y0, x0))[:, ::-1].astype(np.int32)], 1)
    quiet = inside.astype(bool) & (spread == 0)
    log_light, pore_light = _log_lights(sampled, channels)
    strip_light, strip_quiet = _sampled_strips(light, quiet)
    log_strips, pore_strips = _log_lights(strip_light, channels)
    blocks = whole_blocks(strip_quiet)
    return _Piece(
        log_light,
        np.asarray(unknown == 0),
        {channel: noise_pct(strips, blocks) for channel, strips in log_strips.items()},
        added_px / zone.px_per_mm,
        pore_light,
        noise_pct(pore_strips, blocks),
    )


def _sampled_strips(light: FloatImage, quiet: BoolImage) -> tuple[FloatImage, BoolImage]:
    """Evenly spaced strips where the piece is large: to know its noise a sample is enough."""
    strip = 4 * NOISE_BLOCK_PX
    every = max(1, light.shape[0] * light.shape[1] // _NOISE_SAMPLE_PX)
    strips = [slice(y, y + strip) for y in range(0, light.shape[0], every * strip)]
    return np.concatenate([light[rows] for rows in strips]), np.concatenate([quiet[rows] for rows in strips])


def resample_gaussian(light: FloatImage, sigma_px: float, origin_px: tuple[float, float], onto: Grid) -> FloatImage:
    """Blur by an exact Gaussian and sample on a grid, in one step.

    Each sample is a weighted mean of the pixels around its true place, so that no interpolation adds to the blur
    (bilinear) or takes from it (cubic), and narrow kernels keep their width.

    Parameters
    ----------
    light : (H, W, C) float32
    sigma_px : float
        At least `LEAST_SIGMA_PX`: narrower Gaussians fall between the pixels.
    origin_px : tuple of float
        ``(y, x)`` in ``light`` of the first sample.
    onto : Grid
        Gives the step and the number of samples.

    Returns
    -------
    (h, w, C) float32
    """
    height, width, channels = light.shape
    table = _phase_table(sigma_px)
    along_y, along_x = (
        _gaussian_weights(pixels, first + onto.step_px * np.arange(samples, dtype=np.float64), table)
        for pixels, first, samples in zip((height, width), origin_px, onto.shape, strict=True)
    )
    rows = (along_y @ light.reshape(height, -1)).reshape(-1, width, channels)
    # cv2 transposes tile by tile: several times faster than numpy's copy.
    turned = np.asarray(cv2.transpose(rows)).reshape(width, -1)
    both = (along_x @ turned).reshape(onto.shape[1], onto.shape[0], channels)
    return np.asarray(cv2.transpose(both), np.float32)


def _gaussian_weights(pixels: int, at_px: FloatArray, table: FloatArray) -> csr_array:
    """Row ``i`` holds the weights of the pixels in sample ``i``; beyond the border its last pixel stands."""
    reach = table.shape[1] // 2
    nearest = np.rint(at_px).astype(np.int64)
    phase = (at_px - nearest + 0.5) * (_PHASES - 1)
    before = np.minimum(phase.astype(np.int64), _PHASES - 2)
    after_share = (phase - before)[:, None]
    weights = (1 - after_share) * table[before] + after_share * table[before + 1]
    columns = (nearest[:, None] + np.arange(-reach, reach + 1)).clip(0, pixels - 1)
    starts = np.arange(0, weights.size + 1, weights.shape[1])
    return csr_array((weights.astype(np.float32).ravel(), columns.ravel(), starts), shape=(len(at_px), pixels))


def _phase_table(sigma_px: float) -> FloatArray:
    """Weights whose frequency response is nearest to the Gaussian's, for samples at phases −0.5 … 0.5 between pixels.

    Weights read off a Gaussian would not do: where it is narrow, the gaps between the pixels add up to 25 % to fine
    waves or take it from them, depending on the phase. Fitted ones keep within 1.5 % from 3 pixels per wave.
    """
    reach = max(_LEAST_REACH_PX, math.ceil(3.5 * sigma_px) + 1)
    frequency = np.linspace(0.0, 0.5, 65)
    # Next to the Nyquist frequency no kernel of this length can follow; nothing is measured there.
    matters = np.where(frequency <= 0.4, 1.0, 0.15)
    wanted = np.concatenate([np.exp(-2 * (np.pi * sigma_px * frequency) ** 2) * matters, np.zeros_like(frequency)])
    phases = np.linspace(-0.5, 0.5, _PHASES)
    turns = 2 * np.pi * frequency[:, None] * (np.arange(-reach, reach + 1) - phases[:, None])[:, None, :]
    response = np.concatenate([np.cos(turns), np.sin(turns)], axis=1) * np.tile(matters, 2)[:, None]
    weights = np.asarray(np.linalg.pinv(response) @ wanted)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


def _log_lights(light: FloatImage, channels: tuple[Channel, ...]) -> tuple[dict[Channel, FloatImage], FloatImage]:
    """Natural log of linear light, or of two lights' ratio where the channel is a difference; and that for pores.

    In which pores are sought: the mean of the logs of red and green light.
    """
    red, green = (np.log(np.maximum(light[..., colour], _FLOOR)) for colour in (0, 1))
    lights: dict[Channel, FloatImage] = {}
    for channel in channels:
        if channel == "luminance":
            lights[channel] = np.log(np.maximum(luminance(light), _FLOOR))
        elif channel == "red":
            lights[channel] = red
        else:
            lights[channel] = np.asarray(red - np.log(np.maximum(light[..., 2], _FLOOR)))
    return lights, np.asarray((red + green) / 2, np.float32)


@dataclass(frozen=True, slots=True)
class _Surround:
    """The usable skin around each place, whose mean is taken off; it is the same for all light."""

    usable: BoolImage
    sigma: float
    share: FloatImage

    @classmethod
    def of(cls, usable: BoolImage, grid: GridParams) -> _Surround:
        sigma = grid.local_mean_mm * grid.px_per_mm / _MEAN_STEP
        return cls(usable, sigma, np.maximum(_shrunk_mean(usable.astype(np.float32), sigma), 1e-6))

    def contrast_pct(self, log_light: FloatImage) -> FloatImage:
        """Contrast in % against the mean of the usable skin around; zero outside it."""
        mean = _shrunk_mean(np.where(self.usable, log_light, np.float32(0)), self.sigma) / self.share
        large = cv2.resize(mean, (log_light.shape[1], log_light.shape[0]), interpolation=cv2.INTER_LINEAR)
        return np.where(self.usable, np.float32(100) * (log_light - large), np.float32(0))


def _shrunk_mean(layer: FloatImage, sigma: float) -> FloatImage:
    """Gaussian mean at a fraction of the resolution, in which σ is given; what lies outside the frame counts as 0."""
    size = (max(1, layer.shape[1] // _MEAN_STEP), max(1, layer.shape[0] // _MEAN_STEP))
    small = cv2.resize(layer, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT), np.float32)
