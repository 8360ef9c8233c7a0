"""Time the pore detector against a plain Laplacian of Gaussian over the same scales, in one run, on one thread.

    python benchmarks/pores_against_log.py

Prints both times and their ratio; the goal is at most 2.5.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np

from skintexture.metrics.pores import PoreParams, detect
from skintexture.model import FloatImage, Patch
from skintexture.phantoms.patches import SkinSpec, skin_patch
from skintexture.recipe import DEFAULT_RECIPE, load_recipe

SIDE_PX = 2000
ROUNDS = 7
LOG_RATIO = 1.2
"""From one scale to the next of the plain search, which has no fit to find the size between them."""


PORES_PER_CM2 = (7.2, 60.0)
"""About 2,000 pits in the picture, as where blob detectors are usually compared; and skin full of pores."""


def big_patch(pores_per_cm2: float) -> Patch:
    """Four times four phantoms side by side, 2000 pixels wide: 278 cm² of skin."""
    made = [skin_patch(SkinSpec(seed=seed, side_mm=41.7, pores_per_cm2=pores_per_cm2)).patch for seed in range(4)]
    signal = np.block([[made[(row + column) % 4].signal for column in range(4)] for row in range(4)])
    mask = np.block([[made[(row + column) % 4].mask for column in range(4)] for row in range(4)])
    square = (slice(SIDE_PX), slice(SIDE_PX))
    cos = np.ones((SIDE_PX, SIDE_PX), np.float32)
    first = made[0]
    return Patch(signal[square], mask[square], 12.0, cos, first.noise_pct, first.noise_px_per_mm, first.noise_blur_mm)


def plain_log(signal: FloatImage, sigmas_px: np.ndarray) -> int:
    """Maxima over position and scale of the scale-normalised Laplacian of Gaussian, above a threshold."""
    stack = [
        cv2.Laplacian(cv2.GaussianBlur(signal, (0, 0), float(sigma)), cv2.CV_32F, scale=float(sigma) ** 2)
        for sigma in sigmas_px
    ]
    best = np.max(stack, axis=0)
    count = 0
    for layer in stack:
        peaks = (layer == best) & (layer >= cv2.dilate(best, np.ones((3, 3), np.uint8))) & (layer > 2.0)
        count += int(peaks.sum())
    return count


def seconds(work: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    """Compare on little and on much."""
    cv2.setNumThreads(1)
    params = load_recipe(DEFAULT_RECIPE).metrics.pores
    assert isinstance(params, PoreParams)
    for pores_per_cm2 in PORES_PER_CM2:
        compare(big_patch(pores_per_cm2), params)


def compare(patch: Patch, params: PoreParams) -> None:
    """Print the times on one patch, and the median of the rounds' ratios."""
    ends = params.scales_px(patch.px_per_mm)
    steps = {"the same scales": ends, f"scales {LOG_RATIO:g} apart": _finer(ends)}
    times: dict[str, list[float]] = {"skintexture": [], **{name: [] for name in steps}}
    for _ in range(ROUNDS):  # in turns, so that what else the machine does falls on all alike
        times["skintexture"].append(seconds(lambda: detect(patch, params)))
        for name, sigmas in steps.items():
            times[name].append(seconds(lambda sigmas=sigmas: plain_log(patch.signal, sigmas)))  # type: ignore[misc]
    print(f"{SIDE_PX} × {SIDE_PX} pixels, {len(detect(patch, params)):,} pores, median of {ROUNDS}")
    own = statistics.median(times["skintexture"])
    print(f"skintexture {1000 * own:.0f} ms")
    for name, sigmas in steps.items():
        ratio = statistics.median(a / b for a, b in zip(times["skintexture"], times[name], strict=True))
        print(f"plain LoG, {name} ({len(sigmas)}): {1000 * statistics.median(times[name]):.0f} ms; ratio {ratio:.2f}")


def _finer(ends: np.ndarray) -> np.ndarray:
    count = 1 + round(float(np.log(ends[-1] / ends[0]) / np.log(LOG_RATIO)))
    return np.geomspace(ends[0], ends[-1], count)


if __name__ == "__main__":
    main()
