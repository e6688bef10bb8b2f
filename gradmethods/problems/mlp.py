"""Multilayer perceptrons of any widths: the problem on which cost is measured against size.

h₀ = X, h_k = φ(h_{k−1} W_kᵀ + b_k), z = h_{K−1} W_Kᵀ + b_K, y = σ(z), for all real parameters; the
loss is the mean over examples and outputs. Hard because of its size: from a handful of parameters
to millions, in one layer or in a hundred.

Sources: the article's network, generalised; scale of ReLU weights after K. He, X. Zhang, S. Ren
and J. Sun, Delving deep into rectifiers, ICCV 2015, eq. 10; critical scale of tanh after B. Poole,
S. Lahiri, M. Raghu, J. Sohl-Dickstein and S. Ganguli, Exponential expressivity in deep neural
networks through transient chaos, NeurIPS 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.errors import InvalidOption
from gradmethods.problems.family import Family
from gradmethods.problems.options import one_of, whole
from gradmethods.problems.shared_formulas import (
    cross_entropy,
    logistic_loss,
    sigmoid,
    squared_error,
)

ACTIVATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "sigmoid": sigmoid,
    "tanh": lambda z, xp: xp.tanh(z),
    "relu": lambda z, xp: xp.maximum(z, 0.0),
}

LOSSES: dict[str, Callable[[Any, Any, Any], Any]] = {
    "cross-entropy": lambda z, t, xp: cross_entropy(sigmoid(z, xp), t, xp),
    "logits": logistic_loss,
    "squared-error": lambda z, t, xp: squared_error(sigmoid(z, xp), t, xp),
}

GAINS = {"sigmoid": 4.0, "tanh": 1.0, "relu": math.sqrt(2)}
"""Factor of weights that read an activation: one over its slope (ReLU: root mean square)."""


@dataclass(frozen=True)
class MultilayerPerceptron:
    """The loss of a multilayer perceptron; a value that can be compared and pickled.

    Parameters
    ----------
    layers : int
        Number of layers of weights, K.
    activation : str
        Of the hidden layers: a name in `ACTIVATIONS`.
    loss : str
        A name in `LOSSES`.
    """

    layers: int
    activation: str
    loss: str

    def __call__(self, params: Any, X: Any, t: Any, *, xp: Any = np) -> Any:
        """Return the mean loss over the rows of `X` and the outputs."""
        return LOSSES[self.loss](self.logits(params, X, xp=xp), t, xp)

    def logits(self, params: Any, X: Any, *, xp: Any = np) -> Any:
        """Return the logits of the outputs, a row for each of `X`."""
        activate = ACTIVATIONS[self.activation]
        names = _names(self.layers)
        h = X
        for W, b in names[:-1]:
            h = activate(h @ params[W].T + params[b], xp)
        W, b = names[-1]
        return h @ params[W].T + params[b]


@cache
def _names(layers: int) -> tuple[tuple[str, str], ...]:
    # Kept: writing the names anew in each call takes a few percent of a small network's time.
    return tuple((f"W{k}", f"b{k}") for k in range(1, layers + 1))


def draw(
    own: Any, of_data: Any, *, widths: Sequence[int] = (2, 8, 8, 1), batch: int = 100,
    activation: str = "sigmoid", loss: str = "cross-entropy",
) -> Problem:  # fmt: skip
    r"""Draw weights in which signals keep their size, and examples.

    Parameters
    ----------
    own, of_data : numpy.random.Generator
        Of the weights, and of the examples.
    widths : sequence of int
        Units per layer, from the inputs to the outputs; at least these two.
    batch : int
        Number of examples, N.
    activation : {"sigmoid", "tanh", "relu"}
        Of the hidden layers. The outputs are probabilities, sigmoids, with every loss.
    loss : {"cross-entropy", "logits", "squared-error"}
        ``"cross-entropy"`` is the article's, from probabilities; ``"logits"`` is the same function
        in a form that stays finite, ``max(z, 0) − z t + log1p(exp(−|z|))``; ``"squared-error"``
        is (y − t)².

    Returns
    -------
    Problem
        Parameters W1, b1, W2, b2, … with Wk of shape (fan-out, fan-in) and bk of (fan-out,); data X
        (batch, widths[0]) and t (batch, widths[-1]), which are its examples.

    Notes
    -----
    Weights are normal with standard deviation :math:`g / \sqrt{\text{fan-in}}`, where *g* is 1 in
    the first layer and behind tanh, and √2 behind ReLU. These are the critical values: with any
    other, signals or gradients of wide layers grow or shrink *exponentially* with depth; with
    these, ReLU keeps them on average, and tanh lets them fall only as a small power of depth.
    Since σ(z) = ½ + ½ tanh(z/2), a network of sigmoids is one of tanh if *g* = 4 and each bias
    takes away what the constant ½ adds, ½ Σⱼ Wᵢⱼ; so that is how sigmoids are scaled. To all biases
    a normal number of standard deviation :math:`0.1 / \sqrt{K}` is added, so that none is zero.

    X is standard normal. Each output has a direction of its own in the space of inputs, and t is 1
    for the half of the examples that lie in a band across it: no hyperplane separates the classes.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problem = problems.get("mlp", widths=(3, 5, 2), activation="tanh", loss="logits")
    >>> {name: array.shape for name, array in problem.params.items()}
    {'W1': (5, 3), 'b1': (5,), 'W2': (2, 5), 'b2': (2,)}
    """
    widths = _widths(widths)
    model = MultilayerPerceptron(
        layers=len(widths) - 1,
        activation=one_of("activation", activation, ACTIVATIONS),
        loss=one_of("loss", loss, LOSSES),
    )
    X, t = _examples(batch, widths[0], widths[-1], of_data)
    params = scaled_weights(widths, activation, own)
    return Problem(model, params, {"X": X, "t": t}, examples=("X", "t"))


def _widths(widths: Any) -> tuple[int, ...]:
    if isinstance(widths, (str, bytes)) or not isinstance(widths, (Sequence, np.ndarray)):
        raise InvalidOption(f"widths must be a sequence of whole numbers, got {widths!r}.")
    if len(widths) < 2:
        raise InvalidOption(
            f"widths must name at least two layers, the inputs and the outputs, got {widths!r}."
        )
    return tuple(whole("Each entry of widths", width, least=1) for width in widths)


def scaled_weights(
    widths: tuple[int, ...], activation: str, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Draw weights at the critical scale, as `mlp` says."""
    layers = len(widths) - 1
    params: dict[str, NDArray[np.float64]] = {}
    for k in range(1, layers + 1):
        fan_in, fan_out = widths[k - 1 : k + 1]
        gain = GAINS[activation] if k > 1 else 1.0
        W = gain / math.sqrt(fan_in) * rng.standard_normal((fan_out, fan_in))
        b = 0.1 / math.sqrt(layers) * rng.standard_normal(fan_out)
        if activation == "sigmoid" and k > 1:
            b -= W.sum(axis=1) / 2
        params |= {f"W{k}": W, f"b{k}": b}
    return params


def _examples(
    batch: int, inputs: int, outputs: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    quartile = 0.6744897501960817  # Half of a standard normal distribution lies within ± this.
    directions = rng.standard_normal((inputs, outputs))
    directions /= np.linalg.norm(directions, axis=0)
    X = rng.standard_normal((batch, inputs))
    return X, (abs(X @ directions) < quartile).astype(float)


FAMILY = Family(
    name="mlp",
    title="Multilayer perceptron of any widths",
    formula=(
        r"-\frac{1}{N M} \sum_{i=1}^{N} \sum_{j=1}^{M} \left[t_{ij} \log y_{ij}"
        r" + (1 - t_{ij}) \log(1 - y_{ij})\right],"
        r" \quad y = \sigma(h_{K-1} W_K^\top + b_K),"
        r" \quad h_k = \varphi(h_{k-1} W_k^\top + b_k), \quad h_0 = X"
    ),
    domain="All real parameters; random weights at the critical scale, classes 0 and 1.",
    hard=(
        "Its size, which grows with width, depth and batch. ReLU has kinks, and the cross entropy "
        "from probabilities is infinite once a wrong one rounds to 0 or 1."
    ),
    source="The article's network, generalised; weights after He et al., ICCV 2015, and Poole "
    "et al., NeurIPS 2016.",
    draw=draw,
    small={"widths": (2, 4, 4, 1), "batch": 20},
    place=30,
)
