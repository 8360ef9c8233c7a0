"""All that lies on a patch of skin and isn't a pore, drawn and listed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skintexture.model import FloatArray
from skintexture.phantoms.patch_canvas import Canvas

_HAIR_WIDTH_MM = 0.035
"""σ of a hair's profile: 0.08 mm across."""
_VELLUS_WIDTH_MM = 0.012
_STEP_MM = 0.02


@dataclass(frozen=True, slots=True)
class PatchMark:
    """One mark that is no pore.

    Attributes
    ----------
    kind : str
        ``hair``, ``stubble``, ``mole``, ``freckle``, ``glint``, ``fine_line``, ``vellus`` or ``comedo``.
    y_px, x_px : float
        Of its centre (a line's first point), in the patch's pixels.
    size_mm : float
        Diameter, or a line's length.
    contrast_pct : float
        Of its middle, in % of log-luminance: negative is darker than the skin; of a glint, 100 × the light added, by
        the file's white.
    """

    kind: str
    y_px: float
    x_px: float
    size_mm: float
    contrast_pct: float


class PatchMarks:
    """Draws marks on a canvas, and lists what it drew."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._marks: list[PatchMark] = []

    @property
    def listed(self) -> tuple[PatchMark, ...]:
        """Everything drawn so far, in the order drawn."""
        return tuple(self._marks)

    def hairs(self, rng: np.random.Generator) -> FloatArray:
        """Hairs of 5–15 mm, gently bent, and stubble of 0.5–1.2 mm: 50 % darker, where it isn't that dark yet."""
        spec = self._canvas.spec
        image = np.zeros(self._canvas.shape)
        for kind, count, lengths_mm, bend in (
            ("hair", spec.hairs, (5, 15), 0.06),
            ("stubble", spec.stubble, (0.5, 1.2), 0.2),
        ):
            for y, x in self._canvas.places(count, rng):
                length, angle = rng.uniform(*lengths_mm), rng.uniform(0, 2 * np.pi)
                points = _bent(y, x, (length, angle, rng.uniform(-bend, bend)))
                self._line(np.minimum, image, points, (-50.0, _HAIR_WIDTH_MM))
                self._note(kind, (y, x), length, -50.0)
        return image

    def spots(self, rng: np.random.Generator) -> FloatArray:
        """Moles, 1.5–3 mm wide and dark, and freckles, 1–2 mm wide and pale; both with a soft rim."""
        spec = self._canvas.spec
        image = np.zeros(self._canvas.shape)
        kinds = (
            ("mole", spec.moles, (1.5, 3.0), (40.0, 80.0)),
            ("freckle", spec.freckles, (1.0, 2.0), (8.0, 16.0)),
        )
        for kind, count, widths_mm, depths_pct in kinds:
            for y, x in self._canvas.places(count, rng):
                radius, depth = rng.uniform(*widths_mm) / 2.0, rng.uniform(*depths_pct)
                window, dy, dx = self._canvas.near(y, x, 2.0 * radius)
                image[window] -= depth * np.exp(-((np.hypot(dy, dx) / radius) ** 4))
                self._note(kind, (y, x), 2.0 * radius, -depth)
        return image

    def glints(self, rng: np.random.Generator) -> FloatArray:
        """Mirrored light, which has the lamp's colour and strength whatever the skin's tone."""
        image = np.zeros(self._canvas.shape)
        for y, x in self._canvas.places(self._canvas.spec.glints, rng):
            sigma, strength = rng.uniform(0.05, 0.2), rng.uniform(0.05, 0.3)
            window, dy, dx = self._canvas.near(y, x, 4.0 * sigma)
            image[window] += strength * np.exp(-0.5 * (dy**2 + dx**2) / sigma**2)
            self._note("glint", (y, x), 2.0 * math.sqrt(2.0 * math.log(2.0)) * sigma, 100.0 * strength)
        return image

    def fine_lines(self, rng: np.random.Generator) -> FloatArray:
        """Wrinkles of 6–18 mm that run nearly the same way, 4–12 % dark and 0.15–0.4 mm wide."""
        image = np.zeros(self._canvas.shape)
        course = rng.uniform(0, np.pi)
        for y, x in self._canvas.places(self._canvas.spec.fine_lines, rng):
            length, angle = rng.uniform(6.0, 18.0), course + rng.normal(0.0, 0.12)
            depth, width = rng.uniform(4.0, 12.0), rng.uniform(0.15, 0.4) / 2.3548
            points = _bent(y, x, (length, angle, rng.uniform(-0.03, 0.03)))
            self._line(np.minimum, image, points, (-depth, width))
            self._note("fine_line", (y, x), length, -depth)
        return image

    def vellus(self, rng: np.random.Generator) -> FloatArray:
        """Hairs of 1–3 mm, 0.03 mm across and 10–25 % brighter than the skin."""
        image = np.zeros(self._canvas.shape)
        for y, x in self._canvas.places(self._canvas.spec.vellus, rng):
            length, angle, bright = rng.uniform(1.0, 3.0), rng.uniform(0, 2 * np.pi), rng.uniform(10.0, 25.0)
            points = _bent(y, x, (length, angle, rng.uniform(-0.2, 0.2)))
            self._line(np.maximum, image, points, (bright, max(_VELLUS_WIDTH_MM, 0.3 * self._canvas.step_y_mm)))
            self._note("vellus", (y, x), length, bright)
        return image

    def comedones(self, rng: np.random.Generator) -> FloatArray:
        """Blackheads: plugs of 0.35–0.8 mm, 40–90 % dark, with a speck of glare beside the middle."""
        image = np.zeros(self._canvas.shape)
        for y, x in self._canvas.places(self._canvas.spec.comedones, rng):
            radius, depth, side = rng.uniform(0.35, 0.8) / 2.0, rng.uniform(40.0, 90.0), rng.uniform(0, 2 * np.pi)
            window, dy, dx = self._canvas.near(y, x, 2.0 * radius)
            plug = np.exp(-((np.hypot(dy, dx) / radius) ** 4))
            away = np.hypot(dy - 0.4 * radius * math.sin(side), dx - 0.4 * radius * math.cos(side))
            image[window] -= depth * plug * (1.0 - 0.6 * np.exp(-0.5 * (away / (0.25 * radius)) ** 2))
            self._note("comedo", (y, x), 2.0 * radius, -depth)
        return image

    def _line(self, pick: np.ufunc, image: FloatArray, points_mm: FloatArray, stroke: tuple[float, float]) -> None:
        """Draw along points with a stroke of (contrast, σ in mm); where strokes meet, the stronger one shows."""
        contrast, sigma = stroke
        for y, x in points_mm:
            window, dy, dx = self._canvas.near(y, x, 4.0 * sigma)
            image[window] = pick(image[window], contrast * np.exp(-0.5 * (dy**2 + dx**2) / sigma**2))

    def _note(self, kind: str, place_mm: tuple[float, float], size_mm: float, contrast_pct: float) -> None:
        spec = self._canvas.spec
        y_mm, x_mm = place_mm
        self._marks.append(
            PatchMark(
                kind=kind,
                y_px=float(y_mm) * self._canvas.cos_slant * spec.grid_px_per_mm - 0.5,
                x_px=float(x_mm) * spec.grid_px_per_mm - 0.5,
                size_mm=float(size_mm),
                contrast_pct=float(contrast_pct),
            )
        )


def _bent(y: float, x: float, course: tuple[float, float, float]) -> FloatArray:
    """Points every 0.02 mm along an arc of (length mm, first angle, curvature per mm)."""
    length, angle, bend = course
    way = np.arange(0.0, length, _STEP_MM)
    turned = angle + bend * way
    return np.column_stack([y + _STEP_MM * np.cumsum(np.sin(turned)), x + _STEP_MM * np.cumsum(np.cos(turned))])
