"""The three methods, one a file, and how to name them."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from gradmethods.declared import Loss
from gradmethods.errors import InvalidOption, UnknownName
from gradmethods.problem import Problem
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
        ``"analytical"``, ``"numerical"`` or ``"backprop"``; a form of `Analytical` or a scheme of
        `Numerical` may follow a colon, as in ``"numerical:forward"``, and an evaluation or a step
        in brackets, as in ``"numerical:central[reuse,step=1e-06]"``: what `Provider.name` gives.

    Raises
    ------
    UnknownName
        If there is no such method or variant; the nearest name is suggested.
    InvalidOption
        If the name is not of this shape.

    Examples
    --------
    >>> get_provider("numerical:complex-step")
    Numerical(scheme='complex-step', step=None, evaluation='plain')
    >>> get_provider("numerical:forward[reuse]").name
    'numerical:forward[reuse]'
    """
    shape = re.fullmatch(
        r"(?P<method>[^:\[\]]*)(:(?P<variant>[^:\[\]]+))?(\[(?P<options>[^\[\]]*)\])?", name
    )
    if shape is None:
        raise InvalidOption(
            f"{name!r} is no name of a provider. Write it as in 'backprop', 'numerical:forward' or "
            "'numerical:central[reuse,step=1e-06]'."
        )
    method, variant, options = shape["method"], shape["variant"], shape["options"]
    if method not in PROVIDERS or (options is not None and method != "numerical"):
        raise UnknownName.among("provider", name, PROVIDERS)
    default: Any = PROVIDERS[method]
    fields = dataclasses.fields(default)
    if variant and not fields:
        raise UnknownName.among("provider", name, PROVIDERS)
    given = {fields[0].name: variant} if variant else {}
    varied: Provider = dataclasses.replace(default, **given, **_numerical_options(options or ""))
    return varied


def _numerical_options(text: str) -> dict[str, Any]:
    """Read ``reuse,step=0.1`` as fields of `Numerical`."""
    given: dict[str, Any] = {}
    for option in filter(None, text.split(",")):
        name, _, value = option.strip().partition("=")
        if name != "step":
            given["evaluation"] = option.strip()  # Numerical knows which there are
            continue
        try:
            given["step"] = float(value)
        except ValueError:
            raise InvalidOption(f"A step is a number, got {value!r}.") from None
    return given


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
