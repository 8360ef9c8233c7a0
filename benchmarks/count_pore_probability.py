"""Count, on phantoms, how often a pit of given prominence is a pore: the two numbers of the recipes.

    python benchmarks/count_pore_probability.py

Prints `probability_at_least` and `probability_rise` for ``[metrics.pores]``, fitted by logistic regression.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

from skintexture.metrics.pores import PoreParams
from skintexture.recipe import DEFAULT_RECIPE, load_recipe
from skintexture.validation.pores import told_and_true

SEEDS = range(1000, 1040)


def main() -> None:
    """Count, fit and print."""
    params = load_recipe(DEFAULT_RECIPE).metrics.pores
    assert isinstance(params, PoreParams)
    # With these two, the odds that are told are the prominence by the recipe's least one, and nothing else.
    plain = {"probability_at_least": 0.5, "probability_rise": 1.0}
    told, true = told_and_true(SEEDS, params.model_copy(update=plain))
    above = np.log(told / (1.0 - told))
    start, rise = minimize(_cost, (0.0, 1.0), args=(above, true)).x
    print(f"{len(told):,} pits, {true.sum():,} of them pores")
    print(f"probability_at_least = {1.0 / (1.0 + np.exp(-start)):.2f}")
    print(f"probability_rise = {rise:.1f}")


def _cost(logit: np.ndarray, above: np.ndarray, true: np.ndarray) -> float:
    value = logit[0] + logit[1] * above
    return float(np.sum(np.logaddexp(0.0, value) - true * value))


if __name__ == "__main__":
    main()
