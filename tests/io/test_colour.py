"""Colour: profiles are honoured, wide colours are kept, and what can't be known is refused."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from PIL import Image

from skintexture.errors import PhotoProblem
from skintexture.io.colour import SRGB, encoding_of
from skintexture.io.photos import read_photo

#: Linear light to linear sRGB, from the chromaticities of the standards (CSS Color 4, section 18).
P3_TO_SRGB = np.array([[1.2249402, -0.2249402, 0], [-0.0420570, 1.0420570, 0], [-0.0196376, -0.0786361, 1.0982736]])
ADOBE_TO_SRGB = np.array([[1.3983557, -0.3983557, 0], [0, 1, 0], [0, -0.0429290, 1.0429290]])

COLOURS = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [200, 120, 90], [12, 5, 3]], np.uint8)
PATCHES = np.kron(COLOURS[None], np.ones((64, 16, 1), np.uint8))
_P3_CHROMATICITY = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
CENTRES = slice(8, None, 16)


def adobe_to_linear(encoded):
    return encoded ** (563 / 256)


@pytest.fixture
def srgb_curve(linear_of):
    return lambda encoded: linear_of(np.round(encoded * 65535).astype(np.uint16))


@pytest.mark.parametrize("kind", ["PNG", "PNG 16", "JPEG", "TIFF", "TIFF 16", "WEBP"])
@pytest.mark.parametrize("profile", ["Display P3", "Adobe RGB"])
def test_wide_gamut_colours_are_converted_and_kept(kind, profile, encode, profiles, srgb_curve, write):
    pixels = PATCHES * np.uint16(257) if kind.endswith("16") else PATCHES
    icc = profiles[profile]
    if kind == "PNG 16":
        data = encode["PNG chunk"](encode["PNG 16"](pixels), b"iCCP", b"x\0\0" + zlib.compress(icc))
    elif kind == "TIFF 16":
        data = encode["TIFF"](pixels, iccprofile=icc)
    else:
        options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(kind, {})
        data = encode["Pillow"](pixels, kind, icc_profile=icc, **options)
    found = read_photo(write(data)).linear_rgb[32, CENTRES]
    curve, matrix = {"Display P3": (srgb_curve, P3_TO_SRGB), "Adobe RGB": (adobe_to_linear, ADOBE_TO_SRGB)}[profile]
    tolerance = 0.02 if kind == "JPEG" else 0.002  # JPEG itself rounds saturated colours by two or three numbers
    np.testing.assert_allclose(found, curve(COLOURS / 255) @ matrix.T, atol=tolerance)
    assert found[0, 0] > 1.15
    assert found[1, 0] < -0.15


def test_white_and_grey_stay_neutral_under_a_rounded_profile(encode, profiles, write):
    pixels = np.repeat(np.arange(64, 128, dtype=np.uint8)[:, None, None], 64, axis=1).repeat(3, axis=2)
    pixels[0, 0], pixels[0, 1] = 255, (10, 20, 30)
    linear = read_photo(write(encode["Pillow"](pixels, "PNG", icc_profile=profiles["Adobe RGB"]))).linear_rgb
    np.testing.assert_allclose(linear[0, 0], 1, atol=1e-6)
    np.testing.assert_allclose(np.ptp(linear[1:], axis=2), 0, atol=1e-6)


def test_an_srgb_profile_changes_nothing(encode, profiles, busy, write):
    plain = read_photo(write(encode["Pillow"](busy, "PNG")))
    tagged = read_photo(write(encode["Pillow"](busy, "PNG", icc_profile=profiles["sRGB"])))
    np.testing.assert_array_equal(plain.linear_rgb, tagged.linear_rgb)


@pytest.mark.parametrize("samples", [1024, 4096])
def test_an_srgb_curve_in_samples_is_srgb(samples, icc, linear_of):
    places = np.round(np.linspace(0, 65535, samples)).astype(np.uint16)
    curve = icc.curv(*np.round(linear_of(places) * 65535).astype(int).tolist())
    assert encoding_of(icc.with_curve(curve)) is SRGB


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (0, (2.0,), lambda x: x**2),
        (1, (2.0, 1.25, -0.25), lambda x: np.where(x >= 0.2, (1.25 * x - 0.25) ** 2, 0)),
        (2, (2.0, 1.25, -0.3, 0.0975), lambda x: np.where(x >= 0.24, (1.25 * x - 0.3) ** 2 + 0.0975, 0.0975)),
        (3, (2.0, 1.0, 0.0, 0.25, 0.25), lambda x: np.where(x >= 0.25, x**2, 0.25 * x)),
        (
            4,
            (2.0, 0.95, 0.0, 0.3, 0.3, 0.0975, 0.09),
            lambda x: np.where(x >= 0.305, 0.9025 * x**2 + 0.0975, 0.3 * x + 0.09),
        ),
    ],
)
def test_every_parametric_curve_is_read_as_defined(kind, values, expected, icc):
    ramp = np.linspace(0, 1, 101)
    encoding = encoding_of(icc.with_curve(icc.para(kind, *values)))
    for curve in encoding.curves:
        np.testing.assert_allclose(curve(ramp), expected(ramp), atol=1e-4)


def test_an_empty_curve_is_linear_and_a_single_number_a_gamma(icc):
    ramp = np.linspace(0, 1, 101)
    np.testing.assert_allclose(encoding_of(icc.with_curve(icc.curv())).curves[0](ramp), ramp)
    np.testing.assert_allclose(encoding_of(icc.with_curve(icc.curv(512))).curves[1](ramp), ramp**2)


def test_adobe_rgb_by_exif_alone_is_honoured(encode, write):
    exif = Image.Exif()
    exif[274] = 1
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}
    linear = read_photo(write(encode["Pillow"](PATCHES, "PNG", exif=exif))).linear_rgb
    np.testing.assert_allclose(linear[32, CENTRES], adobe_to_linear(COLOURS / 255) @ ADOBE_TO_SRGB.T, atol=0.002)


@pytest.mark.parametrize("bits", [8, 16])
def test_a_grey_profile_gives_its_curve(bits, encode, profiles, write):
    ramp = np.repeat(np.arange(0, 256, 2, dtype=np.uint8)[None], 64, axis=0)
    icc = profiles["grey, gamma 1.8"]
    data = (
        encode["Pillow"](ramp, "PNG", icc_profile=icc)
        if bits == 8
        else encode["TIFF"](ramp * np.uint16(257), iccprofile=icc)
    )
    photo = read_photo(write(data))
    np.testing.assert_allclose(photo.linear_rgb[0, :, 0], (ramp[0] / 255) ** (461 / 256), atol=1e-5)
    assert (photo.has_colour, photo.bits) == (False, bits)


def test_cmyk_without_a_profile_is_paper_white_and_ink_black(encode, write):
    inks = np.zeros((64, 128, 4), np.uint8)
    inks[:, 32:64, 3], inks[:, 64:96, 0] = 255, 255
    photo = read_photo(write(encode["Pillow"](inks, "JPEG", stored="CMYK", quality=100)))
    white, black, cyan = (photo.linear_rgb[32, column] for column in (16, 48, 80))
    np.testing.assert_allclose(white, 1, atol=0.02)
    np.testing.assert_allclose(black, 0, atol=0.02)
    np.testing.assert_allclose(cyan, (0, 1, 1), atol=0.02)
    assert photo.clipped[32, 16]


def test_cmyk_with_a_profile_follows_the_profile(encode, profiles, write):
    inks = np.zeros((64, 128, 4), np.uint8)
    inks[:, 64:, 3] = 128
    photo = read_photo(write(encode["Pillow"](inks, "JPEG", stored="CMYK", quality=100, icc_profile=profiles["CMYK"])))
    lightness = 100 * (1 - 128 / 255)
    np.testing.assert_allclose(photo.linear_rgb[32, 16], 1, atol=0.01)
    np.testing.assert_allclose(photo.linear_rgb[32, 96], ((lightness + 16) / 116) ** 3, atol=0.01)


def _refusal(path):
    with pytest.raises(PhotoProblem) as caught:
        read_photo(path)
    assert "sRGB" in caught.value.remedy
    return caught.value.reason


@pytest.mark.parametrize(
    "damage",
    [
        lambda profile: profile[:200],
        lambda profile: profile.replace(b"acsp", b"xxxx"),
        lambda profile: profile.replace(b"para", b"junk"),
        lambda profile: profile.replace(b"XYZ \0\0\0\0\0\0", b"XYZ \0\0\0\0\x7f\0"),
    ],
)
def test_a_damaged_profile_is_refused(damage, encode, profiles, busy, write):
    data = encode["Pillow"](busy, "JPEG", icc_profile=damage(profiles["Display P3"]))
    assert "profile is damaged" in _refusal(write(data))


@pytest.mark.parametrize("curve", [(5, 1.0), (0, -1.0), (1, 2.0, 0.0, 1.0), (3, 3000.0, 30.0, 5.0, 1.0, 0.0)])
def test_a_profile_that_loses_black_or_white_is_refused(curve, encode, icc, busy, write):
    data = encode["Pillow"](busy, "JPEG", icc_profile=icc.with_curve(icc.para(*curve)))
    assert "profile is damaged" in _refusal(write(data))


def test_a_profile_for_other_pixels_is_refused(encode, profiles, busy, write):
    assert "not meant" in _refusal(write(encode["Pillow"](busy, "JPEG", icc_profile=profiles["CMYK"])))


def test_tables_are_not_used_at_16_bits(encode, profiles, busy, write):
    data = encode["TIFF"](busy * np.uint16(257), iccprofile=profiles["CMYK"])
    assert "8 bits only" in _refusal(write(data))


@pytest.mark.parametrize(
    ("name", "body"),
    [(b"gAMA", (100_000).to_bytes(4, "big")), (b"cHRM", b"".join(n.to_bytes(4, "big") for n in _P3_CHROMATICITY))],
)
def test_a_png_that_declares_other_colours_without_a_profile_is_refused(name, body, encode, busy, write):
    data = encode["PNG chunk"](encode["Pillow"](busy, "PNG"), name, body)
    assert "without a colour profile" in _refusal(write(data))


def test_a_png_that_declares_srgb_by_its_numbers_is_read(encode, busy, write):
    plain = encode["Pillow"](busy, "PNG")
    data = encode["PNG chunk"](plain, b"gAMA", (45_455).to_bytes(4, "big"))
    np.testing.assert_array_equal(read_photo(write(data)).linear_rgb, read_photo(write(plain)).linear_rgb)
