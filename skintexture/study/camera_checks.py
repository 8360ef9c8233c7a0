"""What the camera and the file do to a comparison: sharpness, noise, compression, exposure, resolution."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from skintexture.locate.limits import ComparabilityParams
from skintexture.model import Photo
from skintexture.study import photo_scores
from skintexture.study.mismatch import ALIKE, Gap, LookPair, Mismatch, Reach, Reading, graded

_FINE = ("*_0.25*", "glcm", "roughness", "pores", "paired_pores")
_RED = ("*_red",)
_COLOUR = (*_RED, "*_red_minus_blue")
# What compression ruins first: single pores, the finest texture, what holds all sizes together, and colour.
_COMPRESSED = ("*_0.25*", "glcm", "roughness", "pores", "paired_pores", *_COLOUR)
# How a blur of σ pixels weakens the finest detail of skin: exp(−0.33 σ^1.53), on phantoms from 1 to 2 px within 3 %.
_FADE, _FADE_POWER = 0.33, 1.53
_UNKNOWN_SHARPNESS = (
    "which photo is sharper can't be told, and the softer one seems to show smoother skin: too little of brows, lashes "
    "and lips is resolved; show all of them, with 6 px/mm and more"
)
# From this quality on, JPEG keeps enough noise even on smooth skin to tell that nothing else took it.
_KEEPS_NOISE = 92.0
# Differences of blur below this (σ in pixels) are scatter.
_DEAD_BAND_PX = 0.75


def sharpness(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge focus and motion, at brows, lids and lips, and processing that departs from a blur."""
    own = pair.both(lambda look: look.scene.quality.blur_px / look.scene.scale.px_per_mm)
    scores = (photo_scores.sharpness(own[0]), photo_scores.sharpness(own[1]))
    softer = "after" if pair.blur.sigma_mm > 0 else "before"
    found = graded(
        Reading("sharpness", "sharpness", "mm", own, scores),
        Gap(abs(pair.blur.sigma_mm), "mm", limits.blur_mm),
        (
            f"the {softer} photo is softer; both were brought to its sharpness",
            f"the {softer} photo is too soft to compare; focus on the skin and use a fast shutter",
        ),
    )
    is_known = math.isfinite(found.gap.size)
    yield found if is_known else replace(found, severity="caveat", reach=Reach(), text=_UNKNOWN_SHARPNESS)
    yield graded(
        Reading("sharpness", "processing of edges", "1", (1.0, pair.blur.gain)),
        Gap(pair.blur.residual_pct, "%", limits.blur_misfit_pct),
        (
            "edges differ in a way that focus does not explain: sharpening, noise reduction or motion",
            "one photo was sharpened, denoised or shaken: switch such processing off and use a fast shutter",
        ),
    )


def processing(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge what changes brows, lids and lips, and skin with them, but is neither focus nor light."""
    edges = pair.edges
    yield graded(
        Reading("sharpness", "camera shake", "°", (math.nan, edges.shake_deg)),
        Gap(edges.shake_mm, "mm", limits.shake_mm),
        (
            "one photo is a little softer in one direction, as by motion",
            "one photo is blurred in one direction, by a moving camera or face: use a fast shutter, a tripod or flash",
        ),
    )
    sharpened = "after" if edges.sharpening > 0 else "before"
    yield graded(
        Reading("sharpness", "sharpening", "1", (0.0, edges.sharpening)),
        Gap(abs(edges.sharpening), "1", limits.sharpening),
        (
            f"the {sharpened} photo may have been sharpened a little more",
            f"the {sharpened} photo was sharpened more (phone, camera or editor): pores and lines look deeper in it, "
            "which can't be undone; switch sharpening off, or photograph in raw",
        ),
    )
    stronger = "after" if edges.contrast_pct > 0 else "before"
    yield graded(
        Reading("dynamic_range", "contrast of the picture", "%", (0.0, edges.contrast_pct)),
        Gap(abs(edges.contrast_pct), "%", limits.contrast_pct),
        (
            f"lashes stand out a little more in the {stronger} photo: was it developed with more contrast?",
            f"lashes and brows stand out more in the {stronger} photo: it was developed with more contrast (picture "
            "style, HDR, clarity, editing), which makes all skin look rougher, or eye make-up or flare differ; use one "
            "camera and style, no automatic enhancement, a clean lens and clean eyes, or photograph in raw",
        ),
    )


def noise(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge the camera's noise."""
    # Per mm of skin: noise in smaller pixels averages out more.
    sizes = pair.both(lambda look: look.noise.contrast_pct / look.scene.scale.px_per_mm)
    yield graded(
        Reading("noise", "camera noise", "%·mm", sizes, pair.both(lambda look: photo_scores.noise(look.noise))),
        Gap(_ratio(sizes), "×", limits.noise_ratio),
        (
            "one photo is noisier; each one's noise is taken off",
            "one photo is so noisy that fine texture can't be told from it; use more light or a lower ISO",
        ),
        Reach(_FINE),
    )


def noise_reduction(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge noise reduction: it takes fine detail and noise from the skin, and leaves brows and lashes sharp.

    Skin that became smoother loses detail and keeps the camera's noise. (Of what JPEG leaves of the noise it loses a
    little: 0.2 of what detail loses, as logarithms. Noise reduction takes 0.33 and more.)
    """
    detail = _detail_change(pair)
    noises = pair.both(lambda look: look.noise.contrast_pct)
    noise_change = math.log(noises[1] / noises[0]) if min(noises) > 0 else math.nan
    with_noise = detail * noise_change > 0 and abs(noise_change) >= limits.noise_share * abs(detail)
    which, look = ("after", pair.after) if detail < 0 else ("before", pair.before)
    told = 0 < look.scene.photo.jpeg_quality < _KEEPS_NOISE
    stored = f", or lost its noise to JPEG of quality {look.scene.photo.jpeg_quality:.0f}" if told else ""
    raw = "photograph in raw, or store JPEG from quality 92 and" if told else "photograph in raw, or"
    yield graded(
        Reading("noise_reduction", "noise reduction", "%", pair.both(lambda look: look.noise.detail_pct)),
        Gap(100 * (1 - math.exp(-abs(detail))) if with_noise else 0.0, "%", limits.detail_loss_pct),
        (
            f"the {which} photo may have been denoised: it lacks fine detail and noise, but not focus",
            f"the {which} photo was denoised (phone or camera){stored}: that looks like smoother skin and can't be "
            f"undone; {raw} switch noise reduction and beauty filters off",
        ),
    )


def _detail_change(pair: LookPair) -> float:
    """Log of the after photo's finest skin detail by the before photo's, what focus explains taken off."""
    details = pair.both(lambda look: look.noise.detail_pct)
    if not min(details) > 0:
        return math.nan
    px_per_mm = min(pair.both(lambda look: look.scene.scale.px_per_mm))
    blur_px = 0.0 if math.isnan(pair.blur.sigma_mm) else pair.blur.sigma_mm * px_per_mm
    fade = _FADE * abs(blur_px) ** _FADE_POWER if abs(blur_px) > _DEAD_BAND_PX else 0.0
    return math.log(details[1] / details[0]) + math.copysign(fade, blur_px)


def compression(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge JPEG: by the file's own tables, and by the blocks that earlier saving has left."""
    qualities = pair.both(lambda look: photo_scores.compression(look.scene.photo))
    ruined = (
        "compression this strong ruins pores and fine texture, and writes coarse texture of its own where skin is "
        "smooth; store photos losslessly or as JPEG from quality 92"
    )
    loss = Gap(100 - min(qualities), "1", limits.jpeg_loss)
    yield graded(
        Reading("compression_artefacts", "JPEG compression", "1", qualities, qualities),
        loss,
        ("compression hides noise and blurs colour; bands of luminance from 0.5 mm up are hardly touched", ruined),
        _ruined_by(loss),
    )
    blocks = pair.both(lambda look: look.noise.blockiness)
    steps = Gap(max(blocks), "1", limits.blockiness)
    yield graded(
        Reading("compression_artefacts", "JPEG blocks", "1", blocks),
        steps,
        (
            "a photo seems to have been compressed more than its file says",
            f"a photo was saved again after strong compression: {ruined}",
        ),
        _ruined_by(steps),
    )


def colour_resolution(pair: LookPair, _limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge whether the files store colour alike: red is luminance and colour, so half of the colour blurs red too.

    What is colour alone is not measured on such a file anyway.
    """
    stored = pair.both(lambda look: float(look.scene.photo.chroma_quality > 0))
    reading = Reading("compression_artefacts", "colour resolution", "1", stored)
    gap = Gap(abs(stored[1] - stored[0]), "1", None)
    if gap.size == 0 or not all(pair.both(lambda look: look.scene.photo.has_colour)):
        yield Mismatch(reading, gap, "none", Reach(_RED, ()), ALIKE)
        return
    coarser = "after" if stored[1] < stored[0] else "before"
    text = (
        f"the {coarser} photo's file keeps colour at reduced resolution (4:2:0 or 4:2:2, as most JPEG and WebP do) or "
        "with unknown loss, the other's does not: red is not compared; store both alike"
    )
    yield Mismatch(reading, gap, "not comparable", Reach(_RED), text)


def _ruined_by(gap: Gap) -> Reach:
    """Tell what compression touches: strong enough, everything."""
    return Reach() if gap.severity() == "not comparable" else Reach(_COMPRESSED)


def exposure(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge exposure and clipping."""
    apart = math.nan if pair.light is None else abs(pair.light.exposure_pct) / 100 / math.log(2)
    lightness = pair.both(lambda look: look.exposure.lightness)
    yield graded(
        Reading("luminance", "exposure", "1", lightness, pair.both(lambda look: photo_scores.luminance(look.exposure))),
        Gap(apart, "stops", limits.exposure_stops),
        (
            "exposure differs; texture is measured relative to its surround, so it cancels",
            "exposure differs so much that the darker photo has too few grey levels; use the same settings",
        ),
    )
    clipped = pair.both(lambda look: 100 * look.exposure.clipped_share)
    scores = pair.both(lambda look: photo_scores.over_exposure_prevention(look.exposure))
    yield graded(
        Reading("over_exposure_prevention", "clipped pixels", "%", clipped, scores),
        Gap(max(clipped), "%", limits.clipped_pct),
        (
            "part of the face is clipped; skin clipped in either photo is left out of both",
            "too much of the face is clipped; expose less, and light more softly",
        ),
    )


def tones(pair: LookPair, _limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Report the standard's other scores of exposure, which no verdict depends on."""
    dark = pair.both(lambda look: look.exposure.dark_share)
    scores = pair.both(lambda look: photo_scores.under_exposure_prevention(look.exposure))
    yield _reported(Reading("under_exposure_prevention", "dark share", "1", dark, scores))
    bits = pair.both(lambda look: look.exposure.entropy_bits)
    scores = pair.both(lambda look: photo_scores.dynamic_range(look.exposure))
    yield _reported(Reading("dynamic_range", "dynamic range", "bit", bits, scores))


def _reported(reading: Reading) -> Mismatch:
    return graded(reading, Gap(abs(reading.sides[1] - reading.sides[0]), reading.unit, None), (ALIKE, ALIKE))


def resolution(pair: LookPair, limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Judge pixels per mm."""
    scales = pair.both(lambda look: look.scene.scale.px_per_mm)
    yield graded(
        Reading("head_size", "resolution", "px/mm", scales),
        Gap(_ratio(scales), "×", limits.resolution_ratio),
        (
            "the photos resolve the skin differently; both were brought to the coarser one",
            "one photo resolves the skin too coarsely for the other; use the same camera, lens and distance",
        ),
    )


def camera(pair: LookPair, _limits: ComparabilityParams) -> Iterator[Mismatch]:
    """Say where camera, lens or file differ."""
    photos = (pair.before.scene.photo, pair.after.scene.photo)
    different = [name for name, differs in _differences(*photos) if differs]
    focal = (photos[0].focal_length_35mm, photos[1].focal_length_35mm)
    reading = Reading("camera", "camera, lens and file", "mm", focal)
    gap = Gap(float(len(different)), "1", None)
    if not different:
        yield Mismatch(reading, gap, "none", Reach(zones=()), ALIKE)
        return
    text = f"not the same: {', '.join(different)}; compare photos of one camera, lens and setting"
    yield Mismatch(reading, gap, "caveat", Reach(), text)


def _differences(before: Photo, after: Photo) -> Iterator[tuple[str, bool]]:
    focal = (before.focal_length_35mm, after.focal_length_35mm)
    yield "focal length", all(map(math.isfinite, focal)) and abs(math.log(focal[1] / focal[0])) > 0.05
    yield "picture size", sorted((before.height_px, before.width_px)) != sorted((after.height_px, after.width_px))
    yield "colour or grey", before.has_colour != after.has_colour
    yield "bits per channel", before.bits != after.bits


def _ratio(values: tuple[float, float]) -> float:
    """Return the larger by the smaller; nan where either is unknown or nothing."""
    return max(values) / min(values) if min(values) > 0 else math.nan
