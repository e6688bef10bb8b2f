"""The staged derivation against SymPy's derivatives of the whole loss, proven equal."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

import gradmethods as gm
from gradmethods.engines.symbolic.build import Builder
from gradmethods.engines.symbolic.whole import derivatives, loss_formula
from gradmethods.studies.derivations.proof import vanishes
from tests.samples import sampled

W = np.linspace(0.3, 1.1, 5)
X = np.random.default_rng(5).normal(size=(4, 2))


def mixture(params, x, *, xp=np):
    d = (x[:, None, :] - params["m"]) * xp.exp(-params["s"])
    q = params["a"] - xp.sum(d**2, axis=2) / 2 - xp.sum(params["s"], axis=1)
    return -xp.mean(xp.log(xp.sum(xp.exp(q), axis=1)))


MIXTURE = {"m": np.ones((2, 2)), "s": np.ones((2, 2)), "a": np.ones(2)}

LOSSES = {
    "product": gm.Problem(lambda w, *, xp=np: xp.prod(w + 1), W),
    "log-sum-exp": gm.Problem(lambda w, *, xp=np: xp.log(xp.sum(xp.exp(w))), W),
    "softmax": gm.Problem(lambda w, *, xp=np: xp.sum((xp.exp(w) / xp.sum(xp.exp(w))) ** 2), W),
    "rms norm": gm.Problem(lambda w, *, xp=np: xp.sum((w / xp.mean(w**2)) ** 3), W),
    "running": gm.Problem(lambda w, *, xp=np: xp.sum(xp.cumulative_sum(w) ** 2), W),
    "quotients": gm.Problem(lambda w, *, xp=np: xp.sum(w[1:] / (w[:-1] ** 2 + 0.1)), W),
    "powers": gm.Problem(lambda w, *, xp=np: xp.sum(w**3 / 7) + w[0] ** 2 * w[1] ** -2, W),
    "waves": gm.Problem(lambda w, *, xp=np: xp.sum(xp.sin(w) * xp.exp(-(w**2))), W),
    "mixture": gm.Problem(mixture, MIXTURE, {"x": X}, examples="x"),
    "network-1-1-1": gm.problems.get("network-1-1-1"),
    "island": gm.problems.get("island"),
    "rosenbrock": gm.problems.get("rosenbrock", n=50),
    "network 2-12-1": gm.problems.get("mlp", widths=(2, 12, 1), batch=2),
    "network 2-4-1": gm.problems.get("mlp", widths=(2, 4, 1), batch=2),
    "network 2-2-2-1": gm.problems.get("mlp", widths=(2, 2, 2, 1), batch=2),
}
"""Losses of at most 50 parameters, which SymPy takes seconds to differentiate as a whole."""


@pytest.mark.medium
@pytest.mark.parametrize(
    "name", sampled(LOSSES, kept=[n for n in LOSSES if n not in ("network 2-12-1", "rosenbrock")])
)
def test_staged_formulas_are_the_derivatives_of_the_whole_loss(name):
    """If a stage were joined wrongly, only a derivation that knows no stages could tell."""
    problem = LOSSES[name]
    assert problem.size <= 50
    prepared = gm.Analytical("expanded").prepare(problem)
    builder = Builder(problem, 10**8)
    loss = loss_formula(builder)
    assert vanishes(loss - prepared.loss_formula)
    for array, partials in derivatives(loss, builder.params).items():
        for index in np.ndindex(partials.shape):
            assert vanishes(partials[index] - prepared.formula(array, index)), (array, index)


def test_a_wrong_derivative_is_not_proven():
    """If any two formulas were proven equal, the proofs would say nothing."""
    problem = LOSSES["waves"]
    prepared = gm.Analytical("expanded").prepare(problem)
    builder = Builder(problem, 10**8)
    (partials,) = derivatives(loss_formula(builder), builder.params).values()
    assert vanishes(partials[0] - prepared.formula(index=0))
    assert not vanishes(partials[0] - prepared.formula(index=1))
    symbol = sympy.Symbol("x_0", real=True)
    assert not vanishes(partials[0] - prepared.formula(index=0) * (1 + symbol / 10**9))
