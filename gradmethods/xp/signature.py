"""Whether a loss can be called as every method calls it: ``loss(params, **data, xp=xp)``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from inspect import Parameter
from typing import Any

from gradmethods.errors import InvalidProblem

NAMED = (Parameter.POSITIONAL_OR_KEYWORD, Parameter.KEYWORD_ONLY)

BLACK_BOX = (
    " If it cannot be written over xp (a solver, a torch model, compiled code), pass "
    "black_box=True to gm.Problem: then its values alone are used."
)


def check_signature(loss: Callable[..., Any], data: Collection[str], name: str) -> None:
    """Refuse a loss that cannot take these data by name, or not `xp`.

    A loss whose signature cannot be known (some are written in C) passes.

    Raises
    ------
    InvalidProblem
        Naming what is missing or unknown, and the signature to write.
    """
    try:
        # A wrapper is called with its own signature, not with that of what it wraps.
        signature = inspect.signature(loss, follow_wrapped=False)
    except (TypeError, ValueError):
        return
    wrong = _mistake(list(signature.parameters.values()), data)
    if wrong:
        box = BLACK_BOX if lacks_xp(loss) else ""
        raise InvalidProblem(f"The loss {name!r} {wrong} {wanted(data)}{box}")


def check_data_signature(loss: Callable[..., Any], data: Collection[str], name: str) -> None:
    """Refuse a black box that cannot take these data by name.

    Raises
    ------
    InvalidProblem
        Saying how it is called.
    """
    try:
        inspect.signature(loss).bind(None, **dict.fromkeys(data))
    except ValueError:  # written in C
        return
    except TypeError as error:
        if "'xp'" in str(error):  # which it is given where it insists
            return
        names = "".join(f", {name}={name}" for name in data)
        raise InvalidProblem(
            f"The loss {name!r} cannot be called as {name}(params{names}): {error}. Data are "
            "passed by name; what is none belongs into the function, or into an object that has it."
        ) from error


def lacks_xp(loss: Callable[..., Any]) -> bool:
    """Whether a loss takes no keyword `xp`, as far as its signature tells."""
    try:
        parameters = inspect.signature(loss, follow_wrapped=False).parameters
    except (TypeError, ValueError):
        return True
    kinds = {parameter.kind for parameter in parameters.values()}
    return "xp" not in parameters and Parameter.VAR_KEYWORD not in kinds


def wanted(data: Collection[str]) -> str:
    """Say how a loss of these data is written."""
    names = "".join(f", {name}" for name in data)
    return f"Write def loss(params{names}, *, xp=np): params first, data and xp by name."


def _mistake(parameters: list[Parameter], data: Collection[str]) -> str:
    kinds = {parameter.kind for parameter in parameters}
    order = [p for p in parameters if p.kind in (Parameter.POSITIONAL_ONLY, NAMED[0])]
    if not order and Parameter.VAR_POSITIONAL not in kinds:
        return "takes no argument for the parameters."
    first = order[0] if order else None
    if first is not None and first.name == "xp":
        return "takes xp first, where the parameters are passed."
    if first is not None and first.name in data and first.kind in NAMED:
        return (
            f"has the parameters as its first argument, {first.name!r}, and data are named "
            f"{first.name!r} too. Rename one of them."
        )
    named = {p.name: p for p in parameters if p.kind in NAMED and p is not first}
    given = {*data, "xp"}
    if Parameter.VAR_KEYWORD not in kinds:
        if "xp" not in named:
            return "does not take the keyword xp, which stands where np would stand."
        unknown = sorted(given - named.keys())
        if unknown:
            return f"does not take the data {unknown}."
    missing = [p.name for p in named.values() if p.default is p.empty and p.name not in given]
    if missing:
        return f"needs {missing}, and the data are named {list(data)}. Add what is missing."
    nameless = [p.name for p in order[1:] if p.kind not in NAMED and p.default is p.empty]
    return f"takes {nameless} by position, but data are passed by name." if nameless else ""
