"""Conditions of a photograph by name: what can be set on the command line and in lists of experiments."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from skintexture.errors import InputError
from skintexture.phantoms.camera import CameraSpec
from skintexture.phantoms.faces import Shot
from skintexture.phantoms.files import FileSpec
from skintexture.phantoms.light import LightSpec
from skintexture.phantoms.skin import SkinSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How a photograph is taken and stored."""

    shot: Shot = field(default_factory=Shot)
    file: FileSpec = field(default_factory=FileSpec)


Part = Literal["shot", "camera", "pose", "light", "expression", "file"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One number that can be set.

    Attributes
    ----------
    part : str
        Of the set-up, which it belongs to.
    low, high : float
    meaning : str
    change : callable or None
        Takes the part and the number, gives the part as it is then; None sets the field of the same name.
    """

    part: Part
    low: float
    high: float
    meaning: str
    change: Callable[[Any, float], Any] | None = None


def _focal_length(camera: CameraSpec, value: float) -> CameraSpec:
    return replace(camera, focal_length_35mm=round(value))


def _light_moved(light: LightSpec, value: float) -> LightSpec:
    return replace(light, key_azimuth_deg=light.key_azimuth_deg + value)


def _light_size(light: LightSpec, value: float) -> LightSpec:
    return replace(light, key_size_deg=value)


def _light_detail(light: LightSpec, value: float) -> LightSpec:
    return replace(light, detail=value)


def _warmth(camera: CameraSpec, value: float) -> CameraSpec:
    return replace(camera, white_balance=(1.0 + value, 1.0, 1.0 - value))


def _noise(camera: CameraSpec, value: float) -> CameraSpec:
    least = 1e-9
    electrons = camera.noise_electrons / max(value, least)
    return replace(camera, noise_electrons=electrons, read_noise=camera.read_noise * math.sqrt(value))


def _noise_seed(shot: Shot, value: float) -> Shot:
    return replace(shot, noise_seed=round(value))


def _quality(file: FileSpec, value: float) -> FileSpec:
    return replace(file, quality=round(value))


def _chroma(file: FileSpec, value: float) -> FileSpec:
    return replace(file, subsampling="4:2:0" if value < 432 else "4:4:4")


def _png(file: FileSpec, value: float) -> FileSpec:
    return replace(file, kind="png" if value else "jpeg")


CONDITIONS = MappingProxyType(
    {
        "distance_mm": Condition("camera", 250, 5000, "camera to eyes; 800 unless set"),
        "focal_length_35mm": Condition("camera", 14, 600, "35-mm equivalent in mm; 100", _focal_length),
        "yaw_deg": Condition("pose", -45, 45, "head turned, to the subject's left"),
        "pitch_deg": Condition("pose", -45, 45, "head turned upward"),
        "roll_deg": Condition("pose", -45, 45, "head tilted, to the subject's right"),
        "light_deg": Condition("light", -90, 90, "main light moved, to the viewer's right", _light_moved),
        "light_size_deg": Condition("light", 1, 45, "half angle that the main light fills; 16", _light_size),
        "light_detail": Condition("light", 0.1, 1, "of soft shadows; 0.25 is a draft, 2 s sooner; 1", _light_detail),
        "exposure": Condition("camera", 0.05, 10, "gain on the light; 1"),
        "warmth": Condition("camera", -0.5, 0.5, "white balance: red up and blue down by this share", _warmth),
        "blur_px": Condition("camera", 0.3, 20, "σ of lens and focus; 0.6"),
        "motion_px": Condition("camera", 0, 100, "sideways motion blur"),
        "contrast": Condition("camera", 0.5, 2, "exponent of the tone curve; 1"),
        "noise": Condition("camera", 0, 1000, "noise power, relative to a good camera at base ISO; 1", _noise),
        "noise_reduction": Condition("camera", 0, 10, "as phones do it; 1 is usual"),
        "sharpening": Condition("camera", 0, 5, "as phones do it; 1 is usual"),
        "shine": Condition("shot", 0, 10, "factor on the skin's gloss; 1"),
        "foundation": Condition("shot", 0, 1, "make-up"),
        "smile": Condition("expression", 0, 1, "with closed lips"),
        "eyes_closed": Condition("expression", 0, 1, "both eyes"),
        "noise_seed": Condition("shot", 0, 2**31, "of the sensor's noise", _noise_seed),
        "jpeg_quality": Condition("file", 1, 100, "92", _quality),
        "jpeg_chroma": Condition("file", 420, 444, "colour resolution: 444 or 420; 444", _chroma),
        "png": Condition("file", 0, 1, "1 stores PNG instead of JPEG", _png),
    }
)
"""Everything about a photograph that can be set by name."""

SKIN = MappingProxyType(
    {
        "pore_density": (0.0, 3.0, "pores per area, relative to an average adult"),
        "pore_size": (0.5, 2.0, "of the pores, likewise"),
        "pore_elongation": (1.0, 4.0, "largest ratio of a pore's axes; 1 is round"),
        "furrow_depth": (0.0, 3.0, "of the micro-relief, relative to an average adult"),
        "freckles": (0.0, 5000.0, "how many"),
        "moles": (0.0, 500.0, "how many"),
        "comedones": (0.0, 1000.0, "blackheads, how many"),
        "papules": (0.0, 300.0, "of acne, how many"),
        "stubble_per_cm2": (0.0, 80.0, "cut hairs of the beard; a man has about 40"),
        "vellus_per_cm2": (0.0, 80.0, "fine pale hairs of the whole face"),
    }
)
"""Everything about a person's skin that can be set by name: least, most, meaning."""


def with_conditions(setup: Setup, settings: Iterable[str]) -> Setup:
    """Apply settings such as ``blur_px=2`` to a set-up, one after the other.

    Raises
    ------
    InputError
        A name is unknown, or a value no number or out of range.
    """
    for setting in settings:
        name, value = _parsed(setting, tuple(CONDITIONS))
        condition = CONDITIONS[name]
        setup = _changed(setup, name, _within(name, value, (condition.low, condition.high)))
    return setup


def with_features(skin: SkinSpec, settings: Iterable[str]) -> SkinSpec:
    """Apply settings such as ``stubble_per_cm2=40`` to a skin.

    Raises
    ------
    InputError
        As `with_conditions`.
    """
    changes: dict[str, Any] = {}
    for setting in settings:
        name, value = _parsed(setting, tuple(SKIN))
        value = _within(name, value, SKIN[name][:2])
        changes[name] = round(value) if isinstance(getattr(skin, name), int) else value
    return replace(skin, **changes)


def _changed(setup: Setup, name: str, value: float) -> Setup:
    condition = CONDITIONS[name]
    whole: Any = setup if condition.part in ("shot", "file") else setup.shot
    part = getattr(whole, condition.part)
    changed = condition.change(part, value) if condition.change else replace(part, **{name: value})
    whole = replace(whole, **{condition.part: changed})
    return whole if isinstance(whole, Setup) else replace(setup, shot=whole)


def _parsed(setting: str, names: tuple[str, ...]) -> tuple[str, float]:
    name, given, text = setting.partition("=")
    if name not in names:
        close = difflib.get_close_matches(name, names, 1)
        hint = f"did you mean {close[0]}?" if close else f"names are {', '.join(names)}"
        raise InputError(f"nothing is called {name!r}", hint)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not given or not math.isfinite(value):
        raise InputError(f"{setting!r} sets no number", f"write it as {name}=1.5")
    return name, value


def _within(name: str, value: float, bounds: tuple[float, float]) -> float:
    low, high = bounds
    if not low <= value <= high:
        raise InputError(f"{name} is {value:g}", f"give {low:g} to {high:g}")
    return value
