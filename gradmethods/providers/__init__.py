"""The methods, one a file, what each can do, and how to name them.

Nothing here measures or judges. Read `numerical` first for a method, and `registry` for names.
"""

from __future__ import annotations

from typing import Any

from gradmethods.core.declared import Loss
from gradmethods.core.problem import Problem
from gradmethods.providers.analytical import Analytical
from gradmethods.providers.backprop import Backprop
from gradmethods.providers.forward import Forward
from gradmethods.providers.handwritten import Handwritten
from gradmethods.providers.numerical import Numerical
from gradmethods.providers.registry import PROVIDERS, get_provider

__all__ = [
    "PROVIDERS",
    "Analytical",
    "Backprop",
    "Forward",
    "Handwritten",
    "Numerical",
    "get_provider",
    "gradient",
]


def gradient(
    loss: Loss,
    params: Any,
    data: dict[str, Any] | None = None,
    method: str = "backprop",
    *,
    black_box: bool = False,
) -> Any:
    """Compute one gradient, for the prompt.

    Parameters
    ----------
    loss, params, data, black_box
        As for `Problem`.
    method : str, default "backprop"
        A name that `get_provider` knows.

    Returns
    -------
    numpy.ndarray or dict of str to numpy.ndarray
        The partial derivatives, in the structure, shapes and dtype of `params`.

    Examples
    --------
    >>> import numpy as np
    >>> gradient(lambda w, xp=np: xp.sum(w**2), np.array([1.0, 2.0]))
    array([2., 4.])
    """
    problem = Problem(loss, params, data, black_box=black_box)
    return get_provider(method).prepare(problem)(problem.params).gradient
