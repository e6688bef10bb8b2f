"""The classifier, 2-3-1: the array equations of the backward pass, against scalar derivatives.

Source: the article that the project implements, whose classifier is trained by these equations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from gradmethods import problems
from gradmethods.core.structure import Arrays
from gradmethods.engines.symbolic.build import Builder
from gradmethods.engines.symbolic.smooth import plain
from gradmethods.engines.symbolic.whole import Whole
from gradmethods.studies.derivations.derivation import Derivation, Row
from gradmethods.studies.derivations.proof import vanishes

NAME = "island"

EXAMPLES = 2
"""Symbolic examples: with one, a missing sum or mean could not be seen."""

BUDGET = 10_000_000

Symbols = NDArray[Any]


def equations(params: Mapping[str, Symbols], X: Symbols, t: Symbols) -> Arrays:
    """Evaluate the backward pass over arrays: floats, or symbols.

    Parameters
    ----------
    params : dict of str to numpy.ndarray
        W1 (3, 2), b1 (3,), W2 (3,), b2 ().
    X, t : numpy.ndarray
        Points (N, 2) and classes (N,).

    Returns
    -------
    dict of str to numpy.ndarray
        ``delta_y`` (N,) and ``delta_h`` (N, 3), the derivatives of the loss by the inputs of the
        two layers' sigmoids, and the gradient by name of parameter.

    Examples
    --------
    >>> import gradmethods as gm
    >>> problem = gm.problems.get("island", batch=5)
    >>> found = equations(problem.params, problem.data["X"], problem.data["t"])
    >>> np.allclose(found["W1"], gm.Backprop().prepare(problem)(problem.params).gradient["W1"])
    True
    """
    h, y = forward(params, X)
    delta_y = (y - t) / len(t)
    delta_h = delta_y[:, None] * params["W2"] * h * (1 - h)
    return {
        "delta_y": delta_y,
        "W2": delta_y @ h,
        "b2": np.asarray(delta_y.sum()),
        "delta_h": delta_h,
        "W1": delta_h.T @ X,
        "b1": delta_h.sum(axis=0),
    }


def forward(params: Mapping[str, Symbols], X: Symbols) -> tuple[Symbols, Symbols]:
    """Return the values of the hidden units (N, 3) and the outputs (N,)."""
    h = _sigmoid(_hidden(params, X))
    return h, _sigmoid(_output(params, h))


def derivatives(examples: int = EXAMPLES) -> tuple[Arrays, Arrays]:
    """Return both sides for so many symbolic examples: the equations', and SymPy's.

    SymPy differentiates the loss in the catalogue, run over symbols; for δ_y and δ_h the same loss
    from the inputs of the output unit, and of the hidden units, on.
    """
    builder = Builder(problems.get(NAME, batch=2), BUDGET)
    X, t = _symbols("X", (examples, 2)), _symbols("t", (examples,))
    rows = [{"X": X[i], "t": t[i]} for i in range(examples)]
    loss = builder.run(Whole(builder.literal), builder.params, rows, [{}])
    params = builder.params
    truth = {name: _partials(loss, symbols) for name, symbols in params.items()}
    h, _ = forward(params, X)
    z_y, z_h = _symbols("z_y", (examples,)), _symbols("z_h", (examples, 3))
    for name, z, inputs, y in (
        ("delta_y", z_y, _output(params, h), _sigmoid(z_y)),
        ("delta_h", z_h, _hidden(params, X), _sigmoid(_output(params, _sigmoid(z_h)))),
    ):
        known = dict(zip(z.ravel(), inputs.ravel(), strict=True))
        partials = _partials(_cross_entropy(y, t), z)
        truth[name] = np.array([e.xreplace(known) for e in partials.ravel()]).reshape(z.shape)
    return equations(params, X, t), truth


def proven(left: Arrays, right: Arrays) -> dict[str, int]:
    """Count the entries of each array for which SymPy proves that both sides are equal."""
    return {
        name: sum(
            vanishes(a - b)
            for a, b in zip(np.ravel(left[name]), np.ravel(right[name]), strict=True)
        )
        for name in left
    }


def derivation() -> Derivation:
    """Write down the backward pass over arrays, and prove it entry by entry."""
    left, right = derivatives()
    counts = proven(left, right)
    rows = [
        Row((written,), entry, int(np.size(left[name])), counts[name])
        for name, (written, entry) in _WRITTEN.items()
    ]
    return Derivation(
        NAME,
        "The classifier, 2-3-1, over N examples",
        (
            r"Z_h = X W_1^{\top} + b_1",
            r"h = \sigma(Z_h)",
            r"z_y = h W_2 + b_2",
            r"y = \sigma(z_y)",
            r"L = -\frac{1}{N} \sum_{i=1}^{N} \left[t_i \log y_i + (1 - t_i) \log(1 - y_i)\right]",
        ),
        ("backward pass over arrays", "entry by entry"),
        tuple(rows),
        (
            (
                f"Proven for N = {EXAMPLES} symbolic examples: SymPy differentiates the loss that "
                "runs by every scalar, and each difference is a rational function of symbols and "
                "exponentials whose numerator expands to zero."
            ),
            (
                "For every N it follows: the loss is a mean over examples, so each derivative is "
                "the mean of those of the examples, and each equation is a sum over examples of "
                "terms that are the same function of one example, divided by N."
            ),
        ),
    )


_WRITTEN = {
    "delta_y": (
        r"\delta_y = \frac{\partial L}{\partial z_y} = \frac{1}{N} (y - t)",
        r"\delta_{y,i} = \frac{1}{N} (y_i - t_i)",
    ),
    "W2": (
        r"\frac{\partial L}{\partial W_2} = \delta_y^{\top} h",
        r"\frac{\partial L}{\partial W_{2,k}} = \sum_i \delta_{y,i}\, h_{ik}",
    ),
    "b2": (
        r"\frac{\partial L}{\partial b_2} = \delta_y^{\top} 1",
        r"\frac{\partial L}{\partial b_2} = \sum_i \delta_{y,i}",
    ),
    "delta_h": (
        r"\delta_h = \frac{\partial L}{\partial Z_h} = \delta_y W_2^{\top} \odot h \odot (1 - h)",
        r"\delta_{h,ik} = \delta_{y,i}\, W_{2,k}\, h_{ik} (1 - h_{ik})",
    ),
    "W1": (
        r"\frac{\partial L}{\partial W_1} = \delta_h^{\top} X",
        r"\frac{\partial L}{\partial W_{1,kj}} = \sum_i \delta_{h,ik}\, X_{ij}",
    ),
    "b1": (
        r"\frac{\partial L}{\partial b_1} = \delta_h^{\top} 1",
        r"\frac{\partial L}{\partial b_{1,k}} = \sum_i \delta_{h,ik}",
    ),
}


def _hidden(params: Mapping[str, Symbols], X: Symbols) -> Symbols:
    inputs: Symbols = X @ params["W1"].T + params["b1"]
    return inputs


def _output(params: Mapping[str, Symbols], h: Symbols) -> Symbols:
    inputs: Symbols = h @ params["W2"] + np.asarray(params["b2"])[()]
    return inputs


def _sigmoid(z: Symbols) -> Symbols:
    return 1 / (1 + _exp(-z))


def _exp(z: Symbols) -> Symbols:
    return np.exp(z) if z.dtype.kind == "f" else np.frompyfunc(sympy.exp, 1, 1)(z)


def _cross_entropy(y: Symbols, t: Symbols) -> Any:
    terms = (a * sympy.log(p) + (1 - a) * sympy.log(1 - p) for a, p in zip(t, y, strict=True))
    return -sympy.Add(*terms) / len(t)


def _partials(expr: Any, symbols: Symbols) -> Symbols:
    found = np.empty(symbols.shape, object)
    for index in np.ndindex(symbols.shape):
        found[index] = plain(sympy.diff(expr, symbols[index]))
    return found


def _symbols(name: str, shape: tuple[int, ...]) -> Symbols:
    symbols = np.empty(shape, object)
    for index in np.ndindex(shape):
        symbols[index] = sympy.Symbol("_".join((name, *map(str, index))), real=True)
    return symbols
