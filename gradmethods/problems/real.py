"""Networks on real data: images of handwritten digits, and measurements of breast tumours.

digits: L = (1/N) Σ [log Σ_k exp z_ik − Σ_k t_ik z_ik], z = h W2ᵀ + b2, h = φ(X W1ᵀ + b1): the cross
entropy of a softmax, from its logits. breast-cancer: the article's sigmoid network on 30 features.
Hard because the input is real: blank pixels, columns of one value nearly everywhere, correlations.

Both data sets come with scikit-learn, the extra ``datasets`` of this package; nothing
is downloaded. Sources: E. Alpaydin and C. Kaynak, Cascading classifiers, Kybernetika 34 (1998)
369-374 (digits); W. N. Street, W. H. Wolberg and O. L. Mangasarian, Nuclear feature extraction for
breast tumor diagnosis, SPIE 1905 (1993) 861-870 (breast cancer).
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.errors import MissingPackage
from gradmethods.problems.family import Family
from gradmethods.problems.mlp import ACTIVATIONS, MultilayerPerceptron, scaled_weights
from gradmethods.problems.options import at_most, one_of
from gradmethods.problems.shared_formulas import softmax_loss

PACKAGE = "sklearn"

IMAGES, PATIENTS = 1797, 569


def missing() -> str | None:
    """Say why real data are not there, or None if they are."""
    if importlib.util.find_spec(PACKAGE) is not None:
        return None
    return "Real data come with scikit-learn: pip install scikit-learn."


@dataclass(frozen=True)
class SoftmaxNetwork:
    """The loss of a network with one hidden layer and a softmax; it can be compared and pickled."""

    activation: str

    def __call__(self, params: Any, X: Any, t: Any, *, xp: Any = np) -> Any:
        """Return the mean cross entropy over the rows of `X` against the indicators `t`."""
        return softmax_loss(self.logits(params, X, xp=xp), t, xp)

    def logits(self, params: Any, X: Any, *, xp: Any = np) -> Any:
        """Return the logits of the ten classes, a row for each of `X`."""
        h = ACTIVATIONS[self.activation](X @ params["W1"].T + params["b1"], xp)
        return h @ params["W2"].T + params["b2"]


def digits(
    own: Any, of_data: Any, *, hidden: int = 32, batch: int = 200, activation: str = "tanh"
) -> Problem:
    """Draw a 64-`hidden`-10 network with a softmax, and images of handwritten digits.

    Parameters
    ----------
    own, of_data : numpy.random.Generator
        Of the weights, and of the images.
    hidden : int
        Hidden units.
    batch : int
        Number of images, N, at most 1,797. They are drawn without replacement.
    activation : {"sigmoid", "tanh", "relu"}
        Of the hidden layer.

    Returns
    -------
    Problem
        Parameters W1 (hidden, 64), b1 (hidden,), W2 (10, hidden) and b2 (10,) at the scale of
        `mlp`; data X (batch, 64), pixels less the mean of all pixels of all images, ÷ their
        standard deviation, and t (batch, 10), 1 for the digit shown and 0 for others; both are its
        examples.

    Raises
    ------
    MissingPackage
        If scikit-learn is not installed.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("digits")  # doctest: +SKIP
    <Problem 'digits': 2410 parameters, float64>
    """
    batch = at_most("batch", batch, IMAGES)
    model = SoftmaxNetwork(one_of("activation", activation, ACTIVATIONS))
    pixels, labels = _load("digits")
    params = scaled_weights((64, hidden, 10), activation, own)
    chosen = of_data.permutation(IMAGES)[:batch]
    data = {"X": ((pixels - pixels.mean()) / pixels.std())[chosen], "t": np.eye(10)[labels][chosen]}
    return Problem(model, params, data, examples=("X", "t"))


def breast_cancer(own: Any, of_data: Any, *, hidden: int = 8, batch: int = PATIENTS) -> Problem:
    """Draw the article's network with 30 inputs and `hidden` units, and patients.

    Parameters
    ----------
    own, of_data : numpy.random.Generator
        Of the weights, and of the patients.
    hidden : int
        Hidden units.
    batch : int
        Number of patients, N, at most 569. They are drawn without replacement.

    Returns
    -------
    Problem
        Parameters W1 (hidden, 30), b1 (hidden,), W2 (1, hidden) and b2 (1,) at the scale of `mlp`;
        data X (batch, 30), each feature less its mean ÷ its standard deviation over all patients,
        and t (batch, 1), 1 for a benign tumour; both are its examples.

    Raises
    ------
    MissingPackage
        If scikit-learn is not installed.

    Examples
    --------
    >>> from gradmethods import problems
    >>> problems.get("breast-cancer")  # doctest: +SKIP
    <Problem 'breast-cancer': 257 parameters, float64>
    """
    batch = at_most("batch", batch, PATIENTS)
    features, labels = _load("breast_cancer")
    params = scaled_weights((30, hidden, 1), "sigmoid", own)
    chosen = of_data.permutation(PATIENTS)[:batch]
    X = (features - features.mean(axis=0)) / features.std(axis=0)
    data = {"X": X[chosen], "t": labels[:, None].astype(float)[chosen]}
    model = MultilayerPerceptron(layers=2, activation="sigmoid", loss="cross-entropy")
    return Problem(model, params, data, examples=("X", "t"))


def _load(name: str) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    reason = missing()
    if reason:
        raise MissingPackage(reason)
    from sklearn import datasets

    X, labels = getattr(datasets, f"load_{name}")(return_X_y=True)
    return X, labels


DIGITS = Family(
    name="digits",
    title="Softmax network on images of handwritten digits",
    formula=(
        r"\frac{1}{N} \sum_{i=1}^{N} \left[\log \sum_{k=1}^{10} \exp z_{ik}"
        r" - \sum_{k=1}^{10} t_{ik} z_{ik}\right],"
        r" \quad z = \varphi(X W_1^\top + b_1)\, W_2^\top + b_2"
    ),
    domain="All real parameters; random weights at the critical scale, images of 8 × 8 pixels.",
    hard="Real images, with pixels that are nearly always blank; thousands of parameters.",
    source="Alpaydin and Kaynak, Kybernetika 34 (1998) 369-374; UCI repository, "
    "CC BY 4.0, bundled with scikit-learn.",
    draw=digits,
    place=10,
    missing=missing,
)
BREAST_CANCER = Family(
    name="breast-cancer",
    title="Sigmoid network on measurements of breast tumours",
    formula=(
        r"-\frac{1}{N} \sum_{i=1}^{N} \left[t_i \log y_i + (1 - t_i) \log(1 - y_i)\right],"
        r" \quad y = \sigma(\sigma(X W_1^\top + b_1)\, W_2^\top + b_2)"
    ),
    domain="All real parameters; random weights at the critical scale, 30 standardised features.",
    hard="Real features, correlated and with heavy tails. The cross entropy from probabilities is "
    "infinite once a wrong one rounds to 0 or 1.",
    source="Street, Wolberg and Mangasarian, SPIE 1905 (1993) 861-870; UCI repository, "
    "CC BY 4.0, bundled with scikit-learn.",
    draw=breast_cancer,
    place=20,
    missing=missing,
)
