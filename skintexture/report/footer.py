"""The strip below an overlay: scale, pose, sharpness, what to mind, legend and a scale bar."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from skintexture.caveats import CAVEATS
from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.measure import PhotoResult
from skintexture.model import Photo, Scale
from skintexture.report.lettering import INK, Colour, font, sheet, shorten, wrap
from skintexture.report.marks import ENLARGED_COLOUR, ENLARGED_MM, PORE_COLOUR, SMALL_COLOUR, VISIBLE_MM, draw_circle
from skintexture.report.view import Picture, View
from skintexture.report.zone_paint import Hatching, hatch_tile, short_name

_PALE: Colour = (235, 235, 235)
_AMBER: Colour = (255, 205, 100)
_SKIN: Colour = (180, 140, 115)  # what the legend's samples are drawn on

# Narrower, and the text can't be read.
_LEAST_WIDTH_PX = 900
# Height of letters by the strip's width: 10 pixels where the picture is shown 600 wide.
_LETTERS = 10 / 600
_LINE = 1.5  # height of a line, in letters
_BAR_MM = 10.0

_METHODS = {
    "iris": "from the iris",
    "given": "given",
    "interpupillary": "from the pupils' distance given",
    "marker": "from the printed marker",
}
_DISTANCES = {"exif": "from the lens", "estimated": "rough estimate"}


def draw_footer(photo: Photo, result: PhotoResult, view: View, *, hatchings: Sequence[Hatching]) -> Picture:
    """Draw the strip.

    Parameters
    ----------
    photo : Photo
    result : PhotoResult
    view : View
        The picture above: its width is the strip's (at least 900 pixels), its zoom the scale bar's.
    hatchings : sequence of Hatching
        Those in the picture.

    Returns
    -------
    (H, W, 3) uint8
    """
    width = max(view.picture.shape[1], _LEAST_WIDTH_PX)
    letters_px = round(_LETTERS * width)
    inner = width - 2 * letters_px
    title = shorten(photo.name, font(letters_px, "-Bold"), inner)
    blocks = [
        _text(title, inner, (letters_px, "-Bold", _PALE)),
        _text("\N{NO-BREAK SPACE}· ".join(facts(result)), inner, (letters_px, "", _PALE)),
        *(_text(warning, inner, (letters_px, "", _AMBER)) for warning in warnings(result)),
        _legend(_samples(result, hatchings, letters_px, view=view), inner, letters_px),
    ]
    strip = np.vstack(blocks)
    edges = ((letters_px // 2, letters_px // 2), (letters_px, width - inner - letters_px))
    framed = sheet(strip.shape[0] + sum(edges[0]), width)
    framed[edges[0][0] : -edges[0][1], edges[1][0] : -edges[1][1]] = strip
    return framed


def facts(result: PhotoResult) -> list[str]:
    """Say what was found on a photo: scale, distance, pose, sharpness and pores."""
    sentences = [_scale_in_words(result.scale)]
    if result.scale.distance_method in _DISTANCES:
        how = _DISTANCES[result.scale.distance_method]
        sentences.append(f"camera at {result.scale.distance_mm / 1000:.2g} m ({how})")
    if result.face is not None:
        face = result.face
        angles = {"yaw": face.yaw_deg, "pitch": face.pitch_deg, "roll": face.roll_deg}
        sentences.append(", ".join(f"{name} {_signed(angle)}°" for name, angle in angles.items()))
    blur = result.quality.blur_px
    sentences.append("blur not measurable" if math.isnan(blur) else f"blur σ {blur:.1f} px")
    sentences.append(_pores_in_words(result))
    return [_unbroken(sentence) for sentence in sentences]


def _scale_in_words(scale: Scale) -> str:
    uncertainty = f" ± {100 * scale.uncertainty:.1f} %" if scale.uncertainty else ""
    digits = 1 if scale.px_per_mm >= 10 else 2
    return f"{scale.px_per_mm:.{digits}f} px/mm{uncertainty} ({_METHODS[scale.method]})"


def _signed(angle_deg: float) -> str:
    return f"{round(angle_deg):+d}".replace("-", "−").replace("+0", "0")


def _pores_in_words(result: PhotoResult) -> str:
    if not result.pores and not any(
        row.metric.startswith("pore_") and math.isfinite(row.value) for row in result.measurements
    ):
        return "pores not measured"
    large = sum(located.pore.diameter_mm >= ENLARGED_MM for located in result.pores)
    return f"{len(result.pores):,} pores, {large:,} of {ENLARGED_MM:g} mm and more"


def warnings(result: PhotoResult) -> list[str]:
    """Say in plain words what is missing or doubtful, and in which zones."""
    touched: dict[str, list[str]] = {name: [] for name in result.caveats}
    for zone, names in _caveats_by_zone(result).items():
        for name in names:
            touched.setdefault(name, []).append(zone)
    return [_in_words(name, touched[name], result) for name in touched]


def _in_words(caveat: str, touched: list[str], result: PhotoResult) -> str:
    meaning = CAVEATS[caveat].meaning
    sentence = meaning[0].upper() + meaning[1:]
    spared = [zone.name for zone in result.zones if zone.name not in touched]
    if caveat in result.caveats or len(result.zones) == 1:
        return sentence
    if not spared:
        return f"{sentence}: all zones"
    if len(spared) < len(touched):
        return f"{sentence}: all zones but {_list(spared)}"
    return f"{sentence}: {_list(touched)}"


def _list(zones: Sequence[str]) -> str:
    """List zones, left and right together; what belongs together is not broken at a line's end."""
    sides: dict[str, list[str]] = {}
    for name in zones:
        side, _, zone = short_name(name).rpartition(" ") if name != WHOLE_FACE else ("", "", "whole face")
        sides.setdefault(zone, []).append(side)
    words = [f"{'+'.join(side)} {zone}".strip() for zone, side in sides.items()]
    return ", ".join(_unbroken(word) for word in words)


def _unbroken(text: str) -> str:
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _caveats_by_zone(result: PhotoResult) -> dict[str, list[str]]:
    """Each zone's caveats and those of its numbers, each once."""
    found = {zone.name: dict.fromkeys(zone.caveats) for zone in result.zones}
    for row in result.measurements:
        found[row.zone].update(dict.fromkeys(row.caveats))
    return {zone: list(names) for zone, names in found.items()}


_Lettering = tuple[int, str, Colour]
_Sample = tuple[Picture, str]


def _text(text: str, width_px: int, how: _Lettering) -> Picture:
    """Set a text as a block of lines."""
    letters_px, weight, colour = how
    face = font(letters_px, weight)
    lines = wrap(text, face, width_px)
    step = round(_LINE * letters_px)
    image = Image.new("RGB", (width_px, step * max(1, len(lines))), INK)
    pen = ImageDraw.Draw(image)
    for k, line in enumerate(lines):
        pen.text((0, k * step + step / 2), line, fill=colour, font=face, anchor="lm")
    return np.asarray(image)


def _samples(result: PhotoResult, hatchings: Sequence[Hatching], letters_px: int, *, view: View) -> list[_Sample]:
    """Collect the legend: a sample and its meaning each."""
    bar = _bar(_BAR_MM * result.scale.px_per_mm * view.zoom, letters_px)
    samples = [(bar, f"{_BAR_MM:g} mm at the eyes" if result.face else f"{_BAR_MM:g} mm")]
    if result.pores:
        samples.append((_circle(SMALL_COLOUR, letters_px), f"pore below {VISIBLE_MM:g} mm"))
        samples.append((_circle(PORE_COLOUR, letters_px), f"{VISIBLE_MM:g} to {ENLARGED_MM:g} mm"))
        samples.append((_circle(ENLARGED_COLOUR, letters_px), f"{ENLARGED_MM:g} mm and more"))
    meant = [(_hatched(hatching, letters_px), hatching.meaning) for hatching in hatchings]
    if meant:
        meant[0] = (meant[0][0], f"not measured: {meant[0][1]}")
    return samples + meant


def _ground(width_px: int, letters_px: int) -> Picture:
    return sheet(round(1.2 * letters_px), width_px, _SKIN)


def _bar(length_px: float, letters_px: int) -> Picture:
    bar = sheet(round(1.2 * letters_px), max(3, round(length_px)))
    thick = max(1, letters_px // 8)
    middle = bar.shape[0] // 2
    bar[middle - thick : middle + thick] = _PALE
    bar[middle - 3 * thick : middle + 3 * thick, :thick] = _PALE
    bar[middle - 3 * thick : middle + 3 * thick, -thick:] = _PALE
    return bar


def _circle(colour: Colour, letters_px: int) -> Picture:
    ground = _ground(round(1.2 * letters_px), letters_px)
    centre = (ground.shape[0] / 2 - 0.5, ground.shape[1] / 2 - 0.5)
    draw_circle(ground, centre, 0.35 * letters_px, colour=colour, width_px=max(1, letters_px // 9))
    return ground


def _hatched(hatching: Hatching, letters_px: int) -> Picture:
    ground = _ground(2 * letters_px, letters_px)
    colours, weights = hatch_tile(hatching, max(6, letters_px // 3))
    rows, columns = np.mgrid[: ground.shape[0], : ground.shape[1]] % len(weights)
    share = weights[rows, columns][..., None]
    blend = (1 - share) * ground + share * colours[rows, columns]
    return np.asarray(np.rint(blend), dtype=np.uint8)


def _legend(samples: Sequence[_Sample], width_px: int, letters_px: int) -> Picture:
    """Set samples beside their meanings, in as many lines as they need."""
    items = [_item(sample, text, letters_px) for sample, text in samples]
    lines: list[list[Picture]] = [[]]
    for item in items:
        if lines[-1] and sum(other.shape[1] for other in lines[-1]) + item.shape[1] > width_px:
            lines.append([])
        lines[-1].append(item)
    legend = sheet(sum(line[0].shape[0] for line in lines), width_px)
    top = 0
    for line in lines:
        row = np.hstack(line)[:, :width_px]
        legend[top : top + row.shape[0], : row.shape[1]] = row
        top += row.shape[0]
    return legend


def _item(sample: Picture, text: str, letters_px: int) -> Picture:
    face = font(letters_px)
    gap = letters_px // 2
    height = round(1.7 * letters_px)
    width = sample.shape[1] + gap + math.ceil(face.getlength(text)) + 2 * letters_px
    image = Image.new("RGB", (width, height), INK)
    image.paste(Image.fromarray(sample), (0, (height - sample.shape[0]) // 2))
    ImageDraw.Draw(image).text((sample.shape[1] + gap, height / 2), text, fill=_PALE, font=face, anchor="lm")
    return np.asarray(image)
