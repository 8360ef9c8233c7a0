"""Good photos: whatever the format, the same picture comes out, upright and in linear light."""

from __future__ import annotations

import hashlib
import io
import math
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from skintexture.errors import PhotoProblem
from skintexture.io.photos import read_photo

LOSSLESS = {
    "png": lambda e, p: e["Pillow"](p, "PNG"),
    "bmp": lambda e, p: e["Pillow"](p, "BMP"),
    "webp": lambda e, p: e["Pillow"](p, "WEBP", lossless=True),
    "tiff": lambda e, p: e["Pillow"](p, "TIFF"),
    "tiff_lzw": lambda e, p: e["Pillow"](p, "TIFF", compression="tiff_lzw"),
    "tiff_deflate": lambda e, p: e["Pillow"](p, "TIFF", compression="tiff_adobe_deflate"),
    "tiff_big_endian": lambda e, p: e["TIFF"](p, byteorder=">"),
    "tiff_big": lambda e, p: e["TIFF"](p, bigtiff=True),
    "tiff_tiles": lambda e, p: e["TIFF"](p, tile=(64, 64)),
}
LOSSLESS_16 = {
    "png_16": lambda e, p: e["PNG 16"](p),
    "tiff_16": lambda e, p: e["TIFF"](p),
    "tiff_16_deflate": lambda e, p: e["TIFF"](p, compression="zlib", predictor=True),
    "tiff_16_big_endian": lambda e, p: e["TIFF"](p, byteorder=">"),
    "tiff_16_big": lambda e, p: e["TIFF"](p, bigtiff=True),
    "tiff_16_tiles": lambda e, p: e["TIFF"](p, tile=(64, 64)),
}
#: Upright pixels, as a camera that is held so stores them (EXIF 2.32, orientation 1 … 8).
AS_STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: np.rot90(p.swapaxes(0, 1), 2),
    8: lambda p: np.rot90(p, -1),
}


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_colour_comes_out_exactly(kind, encode, picture, linear_of, write):
    photo = read_photo(write(LOSSLESS[kind](encode, picture)))
    assert photo.linear_rgb.dtype == np.float32
    np.testing.assert_allclose(photo.linear_rgb, linear_of(picture), atol=1e-6)
    assert (photo.has_colour, photo.bits, photo.chroma_quality) == (True, 8, 100.0)
    assert math.isnan(photo.jpeg_quality)
    assert not photo.clipped.any()


@pytest.mark.parametrize("kind", LOSSLESS_16)
@pytest.mark.parametrize("channels", [1, 3])
def test_sixteen_bits_are_kept(kind, channels, encode, linear_of, write):
    pixels = np.random.default_rng(1).integers(1, 65535, (96, 128, 3), dtype=np.uint16)
    pixels = pixels[..., 0] if channels == 1 else pixels
    photo = read_photo(write(LOSSLESS_16[kind](encode, np.ascontiguousarray(pixels))))
    expected = np.broadcast_to(linear_of(pixels).reshape(96, 128, channels), (96, 128, 3))
    np.testing.assert_allclose(photo.linear_rgb, expected, atol=1e-6)
    assert (photo.has_colour, photo.bits, photo.chroma_quality) == (channels == 3, 16, 100.0)
    assert not photo.clipped.any()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "BMP"])
def test_grey_files_have_no_colour_and_three_equal_channels(kind, encode, picture, linear_of, write):
    grey = np.ascontiguousarray(picture[..., 0])
    options = {"JPEG": {"quality": 100}, "WEBP": {"lossless": True}}.get(kind, {})
    photo = read_photo(write(encode["Pillow"](grey, kind, **options)))
    assert not photo.has_colour
    assert (photo.linear_rgb == photo.linear_rgb[..., :1]).all()
    np.testing.assert_allclose(photo.linear_rgb[..., 0], linear_of(grey), atol=1e-6)


def test_a_colour_file_of_equal_channels_has_no_colour(encode, picture, profiles, write):
    grey = np.repeat(picture[..., :1], 3, axis=2)
    photo = read_photo(write(encode["Pillow"](grey, "PNG", icc_profile=profiles["Display P3"])))
    assert not photo.has_colour
    assert (photo.linear_rgb == photo.linear_rgb[..., :1]).all()


def test_one_coloured_pixel_makes_a_colour_photo(encode, picture, write):
    pixels = np.repeat(picture[..., :1], 3, axis=2)
    pixels[37, 41, 2] += 1
    assert read_photo(write(encode["Pillow"](pixels, "PNG"))).has_colour


def test_inverted_grey_tiff_is_read_the_right_way(encode, picture, linear_of, write):
    grey = np.ascontiguousarray(picture[..., 0])
    photo = read_photo(write(encode["TIFF"](255 - grey, photometric="miniswhite")))
    np.testing.assert_allclose(photo.linear_rgb[..., 0], linear_of(grey), atol=1e-6)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_a_palette_of_greys_is_a_grey_photo(kind, encode, picture, linear_of, write):
    grey = np.ascontiguousarray(picture[..., 0])
    photo = read_photo(write(encode["Pillow"](grey, kind, mode="P")))
    assert not photo.has_colour
    np.testing.assert_allclose(photo.linear_rgb[..., 0], linear_of(grey), atol=1e-6)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_a_palette_of_colours_is_refused(kind, encode, picture, write):
    with pytest.raises(PhotoProblem, match=r"reduced to a palette of \d+ colours") as refusal:
        read_photo(write(encode["Pillow"](picture, kind, mode="P")))
    assert "full colour" in refusal.value.remedy


def test_colours_of_a_palette_that_no_pixel_has_are_no_reason_to_refuse(encode, write):
    image = Image.new("P", (80, 80), 1)
    image.putpalette([255, 0, 0, 90, 90, 90])
    file = io.BytesIO()
    image.save(file, "PNG")
    assert not read_photo(write(file.getvalue())).has_colour


def test_a_transparent_palette_entry_is_clipped(encode, picture, write):
    grey = np.ascontiguousarray(picture[..., 0])
    plain = read_photo(write(encode["Pillow"](grey, "PNG", mode="P")))
    photo = read_photo(write(encode["Pillow"](grey, "PNG", mode="P", transparency=int(grey[5, 5]))))
    np.testing.assert_array_equal(photo.clipped, plain.clipped | (grey == grey[5, 5]))
    assert not plain.clipped[5, 5]


@pytest.mark.parametrize("orientation", AS_STORED)
@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff", "tiff_lzw", "png_16", "tiff_16"])
def test_every_exif_orientation_gives_the_same_picture(kind, orientation, encode, picture, write):
    def stored(orientation):
        pixels = np.ascontiguousarray(AS_STORED[orientation](picture))
        exif = Image.Exif()
        exif[274] = orientation
        if kind == "png_16":
            body = exif.tobytes().removeprefix(b"Exif\0\0")
            return encode["PNG chunk"](encode["PNG 16"](pixels * np.uint16(257)), b"eXIf", body)
        if kind == "tiff_16":
            return encode["TIFF"](pixels * np.uint16(257), extratags=[(274, 3, 1, orientation, True)])
        options = {
            "jpeg": {"quality": 95, "subsampling": 0},
            "webp": {"lossless": True},
            "tiff_lzw": {"compression": "tiff_lzw"},
        }.get(kind, {})
        return encode["Pillow"](pixels, kind.partition("_")[0].upper(), exif=exif, **options)

    upright = read_photo(write(stored(1), "upright"))
    turned = read_photo(write(stored(orientation), "turned"))
    assert (upright.height_px, upright.width_px) == (96, 128)
    np.testing.assert_array_equal(turned.linear_rgb, upright.linear_rgb)


def test_transparency_turns_with_the_photo(encode, picture, write):
    alpha = np.full((96, 128, 1), 255, np.uint8)
    alpha[:20, :30] = 200
    exif = Image.Exif()
    exif[274] = 6
    pixels = np.ascontiguousarray(np.rot90(np.dstack([picture, alpha]), 1))
    photo = read_photo(write(encode["Pillow"](pixels, "PNG", exif=exif)))
    np.testing.assert_array_equal(photo.clipped, alpha[..., 0] < 255)


@pytest.mark.parametrize("kind", ["png", "png_16", "webp", "tiff", "tiff_16", "png_la"])
def test_what_is_not_opaque_is_clipped_and_keeps_its_colour(kind, encode, picture, linear_of, write):
    scale = np.uint16(257) if kind.endswith("16") else np.uint8(1)
    alpha = np.full((96, 128, 1), 255, np.uint8)
    alpha[10:20, 30:50], alpha[50:60] = 254, 0
    pixels = np.dstack([picture, alpha]) * scale
    data = {
        "png": lambda: encode["Pillow"](pixels, "PNG"),
        "png_16": lambda: encode["PNG 16"](pixels),
        "webp": lambda: encode["Pillow"](pixels, "WEBP", lossless=True, exact=True),
        "tiff": lambda: encode["TIFF"](pixels, extrasamples=["unassalpha"]),
        "tiff_16": lambda: encode["TIFF"](pixels, extrasamples=["unassalpha"]),
        "png_la": lambda: encode["Pillow"](np.ascontiguousarray(pixels[..., 2:]), "PNG"),
    }[kind]()
    photo = read_photo(write(data))
    np.testing.assert_array_equal(photo.clipped, alpha[..., 0] < 255)
    expected = np.repeat(pixels[..., 2:3], 3, axis=2) if kind == "png_la" else pixels[..., :3]
    np.testing.assert_allclose(photo.linear_rgb, linear_of(expected), atol=1e-6)


@pytest.mark.parametrize(("kind", "top"), [("PNG", 255), ("PNG 16", 65535)])
def test_clipped_is_any_channel_at_the_top_or_all_at_the_bottom(kind, top, encode, picture, write):
    pixels = picture.astype(np.uint8 if top == 255 else np.uint16)
    pixels[0, 0] = (10, top, 30)
    pixels[0, 1] = (10, top - 1, 30)
    pixels[0, 2] = (0, 0, 0)
    pixels[0, 3] = (0, 1, 0)
    data = encode["Pillow"](pixels, "PNG") if kind == "PNG" else encode["PNG 16"](pixels)
    clipped = read_photo(write(data)).clipped
    assert clipped[0, :4].tolist() == [True, False, True, False]
    assert clipped.sum() == 2


def test_in_lossy_files_the_last_two_numbers_at_either_end_count(encode, write):
    levels = np.array([0, 1, 2, 3, 252, 253, 254, 255], np.uint8)
    pixels = np.kron(np.repeat(levels[None], 8, axis=0), np.ones((16, 16), np.uint8))
    photo = read_photo(write(encode["Pillow"](pixels, "JPEG", quality=100)))
    assert photo.clipped[5, 8::16].tolist() == [True, True, False, False, False, False, True, True]


@pytest.mark.parametrize("quality", [1, 5, 25, 49, 50, 51, 75, 90, 92, 95, 100])
def test_jpeg_quality_is_the_one_that_was_written(quality, encode, busy, write):
    photo = read_photo(write(encode["Pillow"](busy, "JPEG", quality=quality)))
    assert photo.jpeg_quality == quality


def test_foreign_jpeg_tables_get_the_number_of_the_most_similar_table(encode, busy, write):
    flat = [[12] * 64, [12] * 64]
    finer = [[3] * 64, [3] * 64]
    coarse, fine = (
        read_photo(write(encode["Pillow"](busy, "JPEG", qtables=tables))).jpeg_quality for tables in (flat, finer)
    )
    assert 60 < coarse < 95 < fine < 100


@pytest.mark.parametrize(
    ("subsampling", "quality", "of_colour"),
    [("4:4:4", 95, 95.0), ("4:4:4", 89, 89.0), ("4:2:2", 98, 0.0), ("4:2:0", 98, 0.0)],
)
def test_colour_has_the_quality_of_the_file_unless_it_is_subsampled(
    subsampling, quality, of_colour, encode, busy, write
):
    data = encode["Pillow"](busy, "JPEG", subsampling=subsampling, quality=quality)
    assert read_photo(write(data)).chroma_quality == of_colour


def test_colour_has_its_own_quality_if_only_luminance_is_stored_well(encode, busy, write):
    image = Image.open(write(encode["Pillow"](busy, "JPEG", quality=95)))
    worse = Image.open(write(encode["Pillow"](busy, "JPEG", quality=50), "worse"))
    tables = [image.quantization[0], worse.quantization[1]]
    image.close(), worse.close()
    photo = read_photo(write(encode["Pillow"](busy, "JPEG", qtables=tables, subsampling=0)))
    assert photo.jpeg_quality == 95
    assert photo.chroma_quality == 50


def test_lossy_webp_and_jpeg_in_tiff_have_no_known_quality_of_colour(encode, busy, write):
    webp = read_photo(write(encode["Pillow"](busy, "WEBP", quality=100)))
    jpeg = read_photo(write(encode["Pillow"](busy, "TIFF", compression="jpeg")))
    assert (webp.chroma_quality, jpeg.chroma_quality) == (0.0, 0.0)
    assert math.isnan(webp.jpeg_quality)


@pytest.mark.parametrize(
    ("stored", "expected"), [(85, 85.0), (5, 5.0), (0, math.nan), (4, math.nan), (60000, math.nan), (None, math.nan)]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_focal_length_is_the_one_in_exif_if_plausible(kind, stored, expected, encode, picture, write):
    exif = Image.Exif()
    exif[274] = 1
    if stored is not None:
        exif.get_ifd(0x8769)[41989] = stored
    found = read_photo(write(encode["Pillow"](picture, kind, exif=exif.tobytes()))).focal_length_35mm
    assert found == pytest.approx(expected, nan_ok=True)


def test_focal_length_that_is_no_number_is_nan(encode, picture, write):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[41989] = "wide"
    assert math.isnan(read_photo(write(encode["Pillow"](picture, "JPEG", exif=exif))).focal_length_35mm)


@pytest.mark.parametrize(
    "damaged", [b"Exif\0\0garbage", b"Exif\0\0II*\0\xff\xff\xff\x7f", b"Exif\0\0II*\0\x08\0\0\0\x09"]
)
def test_damaged_exif_counts_as_none(damaged, encode, picture, write, capfd):
    photo = read_photo(write(encode["Pillow"](picture, "JPEG", exif=damaged, quality=95)))
    assert (photo.height_px, photo.width_px) == (96, 128)
    assert math.isnan(photo.focal_length_35mm)
    assert capfd.readouterr() == ("", "")


def test_of_a_multi_picture_jpeg_the_first_picture_is_the_photo(encode, picture, linear_of, write):
    second = Image.fromarray(picture[:64, :64])
    data = encode["Pillow"](picture, "MPO", save_all=True, append_images=[second], quality=95)
    assert data.count(b"MPF\0") > 0
    photo = read_photo(write(data))
    assert (photo.height_px, photo.width_px) == (96, 128)
    assert photo.jpeg_quality == 95


def test_a_small_copy_in_a_tiff_is_no_second_page(picture, linear_of, tmp_path):
    path = tmp_path / "with_preview.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(picture, photometric="rgb")
        file.write(np.ascontiguousarray(picture[::2, ::2]), photometric="rgb", subfiletype=1)
    np.testing.assert_allclose(read_photo(path).linear_rgb, linear_of(picture), atol=1e-6)


def test_the_content_decides_not_the_suffix(encode, picture, write):
    assert math.isnan(read_photo(write(encode["Pillow"](picture, "PNG"), "photo.jpg")).jpeg_quality)


def test_name_and_checksum_are_of_the_file(encode, picture, write):
    data = encode["Pillow"](picture, "PNG")
    path = write(data, "visit 1.png")
    assert read_photo(path).name == "visit 1.png"
    photo = read_photo(path, name="anna/visit 1.png")
    assert photo.name == "anna/visit 1.png"
    assert photo.sha256 == hashlib.sha256(data).hexdigest()


def test_a_16_bit_png_with_a_broken_comment_is_read_in_silence(encode, picture, write, capfd):
    data = encode["PNG chunk"](encode["PNG 16"](picture * np.uint16(257)), b"zTXt", b"x\0\0not deflated")
    data = encode["PNG chunk"](data, b"sBIT", b"\x08")
    assert read_photo(write(data)).bits == 16
    assert capfd.readouterr() == ("", "")


def test_jpeg_data_after_the_end_does_no_harm(encode, picture, write):
    data = encode["Pillow"](picture, "JPEG", quality=95)
    plain = read_photo(write(data))
    trailed = read_photo(write(data + b"SEFT" + struct.pack("<I", 9) * 100))
    np.testing.assert_array_equal(plain.linear_rgb, trailed.linear_rgb)
