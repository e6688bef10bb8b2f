"""Black boxes: losses of which only values are known, such as solvers or compiled code.

It is called as ``loss(params, **data)`` with arrays of its own, and refuses every namespace but
NumPy: whoever looks inside a loss says so, and whoever needs values alone never notices.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from gradmethods.core.declared import Declared
from gradmethods.core.structure import Arrays, Structure, without_graph
from gradmethods.errors import InvalidProblem, UnsupportedOperation
from gradmethods.xp.signature import check_data_signature

LOST = (
    "Its values alone are known: there is no certificate, and no analytical method, backprop, "
    "forward mode or complex step. Differences take part, and are what a gradient is checked by"
)
"""What a black box cannot do, for error messages."""

_taken: ContextVar[bool] = ContextVar("taken", default=False)


class BlackBox:
    """A callable loss without a namespace, behind the signature of one that has it.

    Parameters
    ----------
    function : callable
        ``function(params, **data)`` returns a number: a float, or a scalar or 0-d array of any
        library.
    structure : Structure
        Of the parameters.
    name : str
        For errors.
    asked : bool
        Whether its user said that it is one.

    Notes
    -----
    At each call parameters are new arrays, which the function may keep or write into. Data are as
    well once it is seen to write into them, by the error of an array that is read-only or by what
    is left of them: compiled code heeds no flag.

    Attributes
    ----------
    writes : bool
        Whether it is.
    """

    def __init__(
        self, function: Callable[..., Any], structure: Structure, name: str, *, asked: bool
    ) -> None:
        self.function, self.structure, self.name, self.asked = function, structure, name, asked
        self._shared = {"xp": np} if _needs_xp(function) else {}
        self.writes = False

    def __call__(self, params: Any, *, xp: Any = np, **data: Any) -> float:
        """Evaluate it.

        Raises
        ------
        UnsupportedOperation
            If `xp` is not NumPy.
        InvalidProblem
            If it returned no real number.
        """
        if xp is not np:
            raise UnsupportedOperation(
                f"The loss {self.name!r} is a black box: only its values are known, and what "
                "looks inside cannot take it. gm.Numerical() gives its gradient; for all else "
                "write it over xp, def loss(params, *, xp=np): gradmethods port lists what to "
                "change."
            )
        leaves = self.structure.leaves(params)
        own = self.structure.restore({name: np.array(array) for name, array in leaves.items()})
        given = {name: array.copy() for name, array in data.items()} if self.writes else data
        try:
            return _number(self.function(own, **given, **self._shared), self.name)
        except ValueError as error:
            if self.writes or "read-only" not in str(error):
                raise
        self.writes = True
        return self(params, xp=xp, **data)

    @contextmanager
    def watched(self, data: Arrays) -> Iterator[None]:
        """See whether the calls in a block write into data, and put back what was there."""
        before = {name: array.copy() for name, array in data.items()}
        yield
        for name, array in data.items():
            if array.tobytes() != before[name].tobytes():
                self.writes = True
                array.flags.writeable = True
                array[...] = before[name]
                array.flags.writeable = False


def boxed(problem: Declared, *, asked: bool) -> BlackBox:
    """Return a declared loss as a black box, if it can be called with its data.

    Raises
    ------
    InvalidProblem
        If it cannot.
    """
    loss = problem.loss
    if isinstance(loss, BlackBox):
        return loss
    check_data_signature(loss, problem.data, problem.name)
    return BlackBox(loss, problem.structure, problem.name, asked=asked)


def read_error(given: Any, *, boxed: bool) -> float:
    """Return by how much values of a loss may be off.

    Raises
    ------
    InvalidProblem
        If that is no number from 0 on, or said of a loss that is no black box.
    """
    try:
        error = float(given)
    except (TypeError, ValueError):
        error = math.nan
    if not 0 <= error < math.inf:
        raise InvalidProblem(f"loss_error must be a number from 0 on, got {given!r}.")
    if error and not boxed:
        raise InvalidProblem(
            "loss_error is for black boxes: how far off a loss over xp is, is found out. Leave it "
            "out, or give black_box=True."
        )
    return error


def _needs_xp(function: Callable[..., Any]) -> bool:
    try:
        parameter = inspect.signature(function).parameters.get("xp")
    except (TypeError, ValueError):  # written in C
        return False
    return parameter is not None and parameter.default is parameter.empty


def _number(result: Any, name: str) -> float:
    shape = getattr(result, "shape", ())
    if isinstance(result, tuple | list | dict | str | bool | complex | None) or tuple(shape):
        what = f"shape {tuple(shape)}" if shape else _kind(result)
        if shape and math.prod(shape) == 1:
            what += ". Take its only entry, as with .item()"
        raise InvalidProblem(
            f"The loss {name!r} must return one real number (a float, or a scalar or 0-d array), "
            f"got {what}."
        )
    try:
        return float(without_graph(result))
    except (TypeError, ValueError) as error:
        raise InvalidProblem(
            f"The loss {name!r} must return one real number, got {_kind(result)}: {error}."
        ) from error


def _kind(result: Any) -> str:
    """Name what was returned, and say what to return instead where that is plain."""
    name = type(result).__name__
    if result is None:
        return "None (does it end without return?)"
    if isinstance(result, tuple | list):
        alone = "its only entry" if len(result) == 1 else "the loss alone"
        return f"a {name} of {len(result)}. Return {alone}"
    if isinstance(result, complex):
        return f"{name}. Return its real part, if the other is 0"
    if isinstance(result, str):
        return f"{name}. Return a float, as with float(…)"
    return name


@contextmanager
def black_boxes_taken() -> Iterator[None]:
    """Let losses without `xp` be taken as black boxes within the block, instead of refused."""
    token = _taken.set(True)
    try:
        yield
    finally:
        _taken.reset(token)


def are_taken() -> bool:
    """Whether a loss without `xp` is taken as a black box here."""
    return _taken.get()
