"""Dense motion between two pictures of the same skin, from its texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import BoolImage, FloatImage

Texture = NDArray[np.uint8]
Flows = tuple[FloatImage, FloatImage]
"""From one picture into the other, and from the other into the one; ``(x, y)``, in pixels."""

# Standard deviations of the levelled texture that fit the 8 bits of the flow's input; what is beyond is hair or glare.
_CLIP_SD = 3.0
# So that where nothing varies nothing is amplified (log light).
_LEAST_SD = 1e-3
# A Gaussian narrower than this does nothing between pixels.
_NO_BLUR_PX = 0.3
# Half of the preset's steps, and patches of 8 pixels that overlap by half: more of either changes no error by as much
# as 0.001 mm. With a quarter of the steps, a few places are lost on heads turned by 10°.
_SEARCH_STEPS = 12
_PATCH_STRIDE_PX = 4
_SMOOTHING_STEPS = 3
# Coarsest level of the pyramid that is searched: as the picture's size has it, or, from a good start, single pixels.
_ANY_DISTANCE, _NEAR = -1, 0
# A second flow is believed where it agrees with itself, there and back, this well (pixels).
_STEADY_PX = 0.2
# Where less than about this share of the surround is believed, a correction fades out.
_FADING_SHARE = 0.15


@dataclass(frozen=True, slots=True)
class Band:
    """Which texture is looked at, in pixels of the picture.

    Attributes
    ----------
    fine_px, coarse_px : float
        σ of the two Gaussians whose difference is taken.
    level_px : float
        σ of the Gaussian over which the texture's standard deviation is evened out.
    """

    fine_px: float
    coarse_px: float
    level_px: float


def level_texture(log_light: FloatImage, band: Band) -> Texture:
    """Band-pass log light and divide it by its local standard deviation.

    Exposure, slow shading and the texture's own strength cancel: pale and dark skin, lit and shaded sides look alike.

    Parameters
    ----------
    log_light : (H, W) float32
    band : Band

    Returns
    -------
    (H, W) uint8
        128 is the local mean, 127 more or less three local standard deviations.
    """
    fine = log_light if band.fine_px < _NO_BLUR_PX else _blurred(log_light, band.fine_px)
    texture = fine - _blurred(log_light, band.coarse_px)
    texture /= np.sqrt(_blurred(texture * texture, band.level_px)) + np.float32(_LEAST_SD)
    return np.asarray(np.clip(128.5 + texture * np.float32(127 / _CLIP_SD), 1, 255).astype(np.uint8))


def _blurred(image: FloatImage, sigma_px: float) -> FloatImage:
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px), np.float32)


def flow_between(source: Sequence[Texture], target: Sequence[Texture]) -> FloatImage:
    """Follow the texture of one picture into another, coarse picture first.

    Dense inverse search (Kroeger et al. 2016, doi 10.1007/978-3-319-46493-0_29) down to single pixels, once per
    resolution; each starts from what the one before has found.

    Parameters
    ----------
    source, target : sequence of (H, W) uint8
        The same pictures at rising resolution.

    Returns
    -------
    (H, W, 2) float32
        ``(x, y)`` in pixels of the last source: its point ``p`` lies at ``p + flow`` in the target.
    """
    flow = _search(source[0], target[0], np.zeros((*source[0].shape, 2), dtype=np.float32), coarsest=_ANY_DISTANCE)
    for here, there in zip(source[1:], target[1:], strict=True):
        flow = _search(here, there, resized(flow, here.shape), coarsest=_NEAR)
    return flow


def _search(here: Texture, there: Texture, start: FloatImage, *, coarsest: int) -> FloatImage:
    finder = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    finder.setFinestScale(0)
    finder.setCoarsestScale(coarsest)
    finder.setPatchStride(_PATCH_STRIDE_PX)
    finder.setGradientDescentIterations(_SEARCH_STEPS)
    finder.setVariationalRefinementIterations(_SMOOTHING_STEPS)
    return np.asarray(finder.calc(here, there, start.copy()), np.float32)


def resized(flow: FloatImage, shape: tuple[int, ...]) -> FloatImage:
    """Bring a flow to another resolution; its values are in pixels of that."""
    if flow.shape[:2] == shape:
        return flow
    height, width = shape
    factors = np.array([width / flow.shape[1], height / flow.shape[0]], dtype=np.float32)
    how = cv2.INTER_LINEAR if height > flow.shape[0] else cv2.INTER_AREA
    return np.asarray(cv2.resize(flow, (width, height), interpolation=how) * factors, np.float32)


def halved(image: FloatImage) -> FloatImage:
    """Shrink a picture to half its resolution, each pixel the mean of four."""
    size = (image.shape[1] // 2, image.shape[0] // 2)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)


def steady(flows: Flows, colour: tuple[Texture, Texture], where: BoolImage, sigma_px: float) -> Flows:
    """Take off the slow drift of flows that were found in luminance, by what colour shows.

    Shine writes the skin's relief in luminance, and moves with the light: over a glossy cheek all of luminance shifts
    by some 0.1 mm. In a colour in which white light cancels nothing of it is left. Colour is noisy, but the drift is
    smooth: the difference of the two flows, averaged over a few mm, is taken over.

    Parameters
    ----------
    flows : tuple of (H, W, 2) float32
        There and back.
    colour : tuple of (h, w) uint8
        Levelled texture of colour in the two pictures, of lower resolution.
    where : (h, w) bool
        Where colour means something.
    sigma_px : float
        σ of the average, in pixels of the colour pictures.

    Returns
    -------
    tuple of (H, W, 2) float32
    """
    shape = colour[0].shape
    starts = [resized(flow, shape) for flow in flows]
    found = [_search(colour[k], colour[1 - k], starts[k], coarsest=_NEAR) for k in (0, 1)]
    corrected = []
    for k in (0, 1):
        weight = (where & (disagreement_px(found[k], found[1 - k]) < _STEADY_PX)).astype(np.float32)
        share = _blurred(weight, sigma_px)
        drift = _blurred((found[k] - starts[k]) * weight[..., None], sigma_px)
        drift *= (share / (share**2 + np.float32(_FADING_SHARE**2)))[..., None]
        corrected.append(flows[k] + resized(drift, flows[k].shape[:2]))
    return corrected[0], corrected[1]


def disagreement_px(flow: FloatImage, back: FloatImage) -> FloatImage:
    """Where a point lands that is carried there and back, as its distance from where it started.

    Parameters
    ----------
    flow, back : (H, W, 2) float32
        From one picture into the other, and from the other into the one.

    Returns
    -------
    (H, W) float32
        Pixels; infinite where the way leads out of the picture.
    """
    height, width = flow.shape[:2]
    columns = np.arange(width, dtype=np.float32)[None] + flow[..., 0]
    rows = np.arange(height, dtype=np.float32)[:, None] + flow[..., 1]
    outside = (np.inf, np.inf, 0.0, 0.0)
    returned = cv2.remap(back, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    missed = np.hypot(flow[..., 0] + returned[..., 0], flow[..., 1] + returned[..., 1])
    return np.where(np.isfinite(missed), missed, np.float32(np.inf)).astype(np.float32)
