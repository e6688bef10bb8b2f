"""What a network of the catalogue predicts: probabilities of the classes, and its accuracy.

A problem knows its loss alone; this file knows which losses are classifiers, and their outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import ParametersLike
from gradmethods.problems import classifier
from gradmethods.problems.mlp import MultilayerPerceptron
from gradmethods.problems.real import SoftmaxNetwork
from gradmethods.problems.shared_formulas import sigmoid


def probabilities(
    problem: Problem, params: ParametersLike, X: NDArray[Any] | None = None
) -> NDArray[Any] | None:
    """Return what a network makes of its input, or None if the problem is no classifier.

    Parameters
    ----------
    problem : Problem
        Of the catalogue.
    params : dict of str to array_like
        The weights.
    X : numpy.ndarray, optional
        Inputs, one a row; the problem's own by default.

    Returns
    -------
    numpy.ndarray or None
        Of one output: P(class 1) of each row, shape (N,). Of several: shape (N, outputs).

    Examples
    --------
    >>> from gradmethods import problems
    >>> problem = problems.get("xor")
    >>> probabilities(problem, problem.params).shape
    (200,)
    """
    inputs = problem.data.get("X") if X is None else X
    arrays = problem.structure.check(params)
    with np.errstate(over="ignore"):  # exp(−z) of a unit that is far off is infinite, and y is 0
        if problem.loss is classifier.loss:
            probability: NDArray[Any] = classifier.probability(arrays, inputs)
            return probability
        if isinstance(problem.loss, MultilayerPerceptron):
            y: NDArray[Any] = sigmoid(problem.loss.logits(arrays, inputs), np)
            return y[:, 0] if y.shape[1] == 1 else y
        if isinstance(problem.loss, SoftmaxNetwork):
            z = problem.loss.logits(arrays, inputs)
            e: NDArray[Any] = np.exp(z - z.max(axis=1, keepdims=True))
            return np.asarray(e / e.sum(axis=1, keepdims=True))
    return None


def accuracy(problem: Problem, params: ParametersLike) -> float | None:
    """Return the share of examples whose class is predicted, or None if there are no classes.

    Of one output, class 1 is predicted from a probability above ½; of a softmax, the likeliest
    class; of several independent outputs, each counts on its own. A probability that is NaN
    predicts nothing, and is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> from gradmethods import problems
    >>> problem = problems.get("island")
    >>> accuracy(problem, {name: np.zeros_like(w) for name, w in problem.params.items()})
    0.5
    """
    y = probabilities(problem, params)
    if y is None:
        return None
    t = problem.data["t"]
    if isinstance(problem.loss, SoftmaxNetwork):
        right = (y.argmax(axis=1) == t.argmax(axis=1)) & np.isfinite(y).all(axis=1)
    else:
        right = ((y > 0.5) == (t.reshape(y.shape) == 1)) & np.isfinite(y)
    return float(right.mean())
