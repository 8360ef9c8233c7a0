"""The blur between two photos, read at brows, lids and lips."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest

from hair_like import HEAD, PX_PER_MM, SCALE, hair_like, reference_of
from known_head import photo_of, see_head
from skintexture.locate.reference import Reference, reference_points, see_reference
from skintexture.locate.sharpness import blur_between
from skintexture.locate.spectra import FREQUENCIES, Spectra, strongest
from skintexture.model import Photo, Scale

SHARP = reference_of(hair_like())


@pytest.mark.parametrize("sigma", [0.8, 1.2, 2.0])
def test_an_added_blur_is_found_within_a_tenth_of_a_pixel(sigma):
    found = blur_between(SHARP, reference_of(cv2.GaussianBlur(hair_like(), (0, 0), sigma), seed=1))
    assert found.sigma_mm * PX_PER_MM == pytest.approx(sigma, abs=0.1)
    assert found.residual_pct < 4


def test_it_tells_which_photo_is_softer():
    soft = reference_of(cv2.GaussianBlur(hair_like(), (0, 0), 1.5), seed=1)
    assert blur_between(soft, SHARP).sigma_mm == pytest.approx(-blur_between(SHARP, soft).sigma_mm, rel=0.01)


def test_contrast_and_exposure_are_not_blur():
    """Light from the side draws everything more strongly; that is a gain."""
    flat = float(hair_like().mean())
    found = blur_between(SHARP, reference_of(0.6 * (flat + 0.7 * (hair_like() - flat)), seed=1))
    assert abs(found.sigma_mm) * PX_PER_MM < 0.25
    assert found.gain == pytest.approx(0.7, rel=0.1)  # a little less where a window is brighter than the mean


def test_processing_departs_from_a_gaussian():
    blurred = cv2.GaussianBlur(hair_like(), (0, 0), 1.5)
    smoothed, sharpened = cv2.bilateralFilter(hair_like(), 9, 0.1, 2.0), 2.0 * hair_like() - blurred
    focus, *processing = (
        blur_between(SHARP, reference_of(light, seed=1)).residual_pct for light in (blurred, smoothed, sharpened)
    )
    assert min(processing) > 3 * focus


def test_skin_away_from_the_reference_does_not_count():
    """Cheeks may become as smooth as they like."""
    far = np.ones(HEAD.shape, dtype=np.uint8)
    for y, x in HEAD.face.points_px[list(reference_points())]:
        cv2.circle(far, (round(x), round(y)), round(6 * PX_PER_MM), 0, -1)
    assert far.any()
    smooth = np.where(far > 0, cv2.GaussianBlur(hair_like(), (0, 0), 4.0), hair_like())
    assert blur_between(SHARP, reference_of(smooth)).sigma_mm == blur_between(SHARP, reference_of(hair_like())).sigma_mm


@pytest.mark.parametrize("cut_off", [0, 9, 12])
def test_skin_that_smooths_within_most_windows_is_not_blur(cut_off):
    """Most landmarks may have little beside them but skin with faint lines, which a treatment takes away.

    Where the frame's upper edge cuts some of them off, the strongest half is that of the others.
    """
    points = HEAD.face.points_px[list(reference_points())]
    bare = np.zeros(HEAD.shape, dtype=np.uint8)
    for y, x in points[points[:, 1] > np.percentile(points[:, 1], 40)]:
        cv2.circle(bare, (round(x), round(y)), round(5 * PX_PER_MM), 1, -1)
    faint = 0.3 + 0.3 * (hair_like() - 0.3)
    treated = np.where(bare > 0, cv2.GaussianBlur(faint, (0, 0), 1.0), hair_like())
    topmost = np.argsort(points[:, 0])[:cut_off]
    before, after = reference_of(np.where(bare > 0, faint, hair_like())), reference_of(treated, seed=1)
    found = blur_between(*(_without(reference, topmost) for reference in (before, after)))
    assert abs(found.sigma_mm) * PX_PER_MM < 0.1


def _without(reference: Reference, gone: np.ndarray) -> Reference:
    nothing = np.zeros((0, 0), np.float32)
    windows = tuple(nothing if place in gone else window for place, window in enumerate(reference.windows))
    return replace(reference, windows=windows)


def test_rings_beyond_a_photos_resolution_do_not_rank_its_windows():
    power = np.full((6, len(FREQUENCIES)), np.nan)
    power[:3, :4], power[3:, :4] = 8.0, 1.0
    spectra = Spectra(power, np.zeros_like(power))
    assert strongest(spectra, spectra).tolist() == [True] * 3 + [False] * 3


def test_too_coarse_a_photo_says_nothing():
    small = see_head(1.2)
    photo = photo_of(np.full((*small.shape, 3), 0.3, np.float32))
    reference = see_reference(photo, small.face, Scale(1.2, "given", 0.0, 800.0, "exif"))
    assert math.isnan(blur_between(reference, reference).sigma_mm)


def test_windows_that_lie_a_little_off_show_the_same_structure():
    """Landmarks are a few tenths of a millimetre off from shot to shot."""
    light = cv2.GaussianBlur(hair_like(), (0, 0), 1.5)
    moved = np.roll(light, (4, -3), axis=(0, 1))
    straight, shifted = (blur_between(SHARP, reference_of(one, seed=1)) for one in (light, moved))
    assert shifted.sigma_mm == pytest.approx(straight.sigma_mm, rel=0.01)


def _as_jpeg(light: np.ndarray, quality: int) -> Photo:
    encoded = np.rint(255 * np.clip(light, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    data = cv2.imencode(".jpg", encoded, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    stored = (cv2.imdecode(data, cv2.IMREAD_GRAYSCALE) / np.float32(255)) ** np.float32(2.2)
    return photo_of(np.repeat(stored[..., None], 3, axis=2), jpeg_quality=float(quality))


@pytest.mark.parametrize("sigma", [1.0, 2.0])
def test_what_compression_writes_back_is_not_taken_for_sharpness(sigma):
    """Beside hair, compression writes waves that its noise estimate, read in the corners, knows nothing of."""
    stored = [_as_jpeg(light, 90) for light in (hair_like(), cv2.GaussianBlur(hair_like(), (0, 0), sigma))]
    found = blur_between(*(see_reference(photo, HEAD.face, SCALE) for photo in stored))
    assert found.sigma_mm * PX_PER_MM == pytest.approx(sigma, rel=0.06)
