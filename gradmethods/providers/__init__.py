"""The three methods, one a file, and how to name them."""

from __future__ import annotations

import dataclasses
from typing import Any

from gradmethods.errors import UnknownName
from gradmethods.problem import Loss, Problem
from gradmethods.provider import Provider
from gradmethods.providers.analytical import Analytical
from gradmethods.providers.backprop import Backprop
from gradmethods.providers.numerical import Numerical

__all__ = ["PROVIDERS", "Analytical", "Backprop", "Numerical", "get_provider", "gradient"]

PROVIDERS: dict[str, Provider] = {
    "analytical": Analytical(),
    "numerical": Numerical(),
    "backprop": Backprop(),
}
"""The default provider of each method."""


def get_provider(name: str) -> Provider:
    """Return the provider that a name stands for.

    Parameters
    ----------
    name : str
        ``"analytical"``, ``"numerical"`` or ``"backprop"``, optionally with a variant after a
        colon: a form of `Analytical` or a scheme of `Numerical`, as in ``"numerical:forward"``.

    Raises
    ------
    UnknownName
        If there is no such method or variant; the nearest name is suggested.

    Examples
    --------
    >>> get_provider("numerical:complex-step").name
    'numerical:complex-step'
    """
    method, _, variant = name.partition(":")
    if method not in PROVIDERS:
        raise UnknownName.among("provider", name, PROVIDERS)
    default: Any = PROVIDERS[method]
    options = dataclasses.fields(default)
    if not variant:
        return PROVIDERS[method]
    if not options:
        raise UnknownName.among("provider", name, PROVIDERS)
    varied: Provider = dataclasses.replace(default, **{options[0].name: variant})
    return varied


def gradient(
    loss: Loss, params: Any, data: dict[str, Any] | None = None, method: str = "backprop"
) -> Any:
    """Compute one gradient, for the prompt.

    Parameters
    ----------
    loss, params, data
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
    problem = Problem(loss, params, data)
    return get_provider(method).prepare(problem)(problem.params).gradient
