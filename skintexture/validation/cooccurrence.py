"""Co-occurrence features against the IBSI's published values, and against scikit-image."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import resources
from typing import Any, Literal

import numpy as np
from skimage.feature import graycomatrix, graycoprops

from skintexture.metrics import glcm
from skintexture.metrics.glcm_features import FEATURE_NAMES, FEATURES, Cooccurrence, FeatureName
from skintexture.model import Patch
from skintexture.validation.finding import Effort, Exhibit, Finding, Section, Table, at_most

KEY = "glcm"

_ANGLES_RAD = (0.0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
_SCIKIT_IMAGE: dict[FeatureName, str] = {
    "contrast": "contrast",
    "dissimilarity": "dissimilarity",
    "inverse_difference_moment": "homogeneity",
    "angular_second_moment": "ASM",
    "correlation": "correlation",
    "joint_variance": "variance",
}
"""IBSI's names, and scikit-image's."""


def findings(effort: Effort) -> Iterator[Exhibit]:
    """Measure the IBSI's digital phantom, and random rectangles."""
    ibsi = ibsi_reference()
    for aggregation, published in ibsi["published"].items():
        found = phantom_features(ibsi, aggregation)
        same = [name for name in FEATURE_NAMES if float(f"{found[name]:.3g}") == published[name]]
        wrong = ", ".join(name for name in FEATURE_NAMES if name not in same)
        total = len(FEATURE_NAMES)
        yield Finding(
            KEY,
            f"IBSI phantom, 2-D {aggregation}: published values met to 3 digits",
            f"{total} of {total}",
            f"{len(same)} of {total}",
            len(same) == total,
            f"not: {wrong}" if wrong else "",
            len(same),
        )
    yield from _parity({"quick": 3, "standard": 10, "full": 50}[effort])
    yield _table(ibsi)


def ibsi_reference() -> dict[str, Any]:
    """Read the digital phantom of the Image Biomarker Standardisation Initiative and its consensus values."""
    text = (resources.files("skintexture.validation") / "ibsi_phantom_glcm.json").read_text(encoding="utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def phantom_features(ibsi: dict[str, Any], aggregation: Literal["averaged", "merged"]) -> dict[FeatureName, float]:
    """Every feature of the phantom, by the code that measures skin: the mean over the phantom's slices."""
    params = glcm.GlcmParams(
        version=1,
        distances_mm=(1.0,),
        levels=ibsi["levels"],
        contrast_range_pct=(0.5, ibsi["levels"] + 0.5),
        aggregation=aggregation,
        features=FEATURE_NAMES,
    )
    slices = [np.array(rows, np.float32) for rows in ibsi["slices"]]
    measured = [glcm.measure(Patch(image, image > 0, 1.0, np.ones_like(image)), params) for image in slices]
    return {name: float(np.mean([values[f"glcm_{name}_1mm"] for values in measured])) for name in FEATURE_NAMES}


def _parity(rectangles: int) -> Iterator[Finding]:
    rng = np.random.default_rng(1)
    unlike, worst = 0, 0.0
    for _ in range(rectangles):
        height, width, levels = (int(n) for n in rng.integers((20, 20, 4), (60, 60, 64)))
        image = rng.integers(0, levels, (height, width)).astype(np.uint8)
        theirs = graycomatrix(image, [1], _ANGLES_RAD, levels=levels, symmetric=True)
        ours = np.stack([glcm.count_pairs(image, offset, levels) for offset in glcm.offsets_px(1.0, 1.0)], axis=-1)
        unlike += int(np.count_nonzero(theirs[:, :, 0] != ours))
        worst = max(worst, _largest_difference(theirs / theirs.sum(axis=(0, 1), keepdims=True), ours))
    note = f"{rectangles} random rectangles, four directions"
    yield at_most(KEY, "pairs counted unlike scikit-image", unlike, limit=0.0, unit="pairs", note=note)
    yield at_most(KEY, "six features unlike scikit-image", 100.0 * worst, limit=1e-6, note=note)


def _largest_difference(theirs: Any, ours: Any) -> float:
    """Relative, over the features that both have and over the directions."""
    pairs = [Cooccurrence.from_counts(ours[..., direction]) for direction in range(ours.shape[-1])]
    return max(
        abs(FEATURES[mine].value(pair) / float(value) - 1.0)
        for mine, name in _SCIKIT_IMAGE.items()
        for pair, value in zip(pairs, graycoprops(theirs, name)[0], strict=True)
    )


def _table(ibsi: dict[str, Any]) -> Table:
    found = {aggregation: phantom_features(ibsi, aggregation) for aggregation in ibsi["published"]}
    rows = [
        (name, *(f"{number:.3g}" for way in found for number in (ibsi["published"][way][name], found[way][name])))
        for name in FEATURE_NAMES
    ]
    columns = ("feature", *(f"{way}, {word}" for way in found for word in ("published", "found")))
    return Table("IBSI digital phantom", columns, rows)


SECTION = Section(
    KEY,
    "Co-occurrence",
    "The digital phantom of the Image Biomarker Standardisation Initiative (Zwanenburg et al. 2020, doi "
    "10.1148/radiol.2020191145) with its 25 consensus values for two 2-D aggregations; and whole rectangles of random "
    "levels against scikit-image's `graycomatrix` and `graycoprops`.",
    findings,
)
