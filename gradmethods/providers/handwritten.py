"""Gradients that a user wrote: numbers, a function to call at points, or a provider of his own.

Here they are called and read, with words for what does not fit; nothing is compared. Read
`Handwritten` first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.naming import called
from gradmethods.core.problem import Problem
from gradmethods.core.provider import PreparedGradient, Provider, Stopwatch
from gradmethods.core.structure import BARE, Arrays, without_graph
from gradmethods.core.user_files import variable_of
from gradmethods.errors import InvalidOption, ShapeMismatch
from gradmethods.xp.subclasses import lost_meaning

Call = Callable[[Problem], "Given"]


class Given(NamedTuple):
    """What a user's gradient gave at a point: arrays, and the loss if it told that too."""

    gradient: Arrays
    value: float | None = None


@dataclass(frozen=True)
class Handwritten:
    """A gradient that you wrote, beside those of the suite: errors, times, ratio and advice.

    Parameters
    ----------
    function : callable
        ``function(params)`` or ``function(params, **data)``, with those data of the problem that it
        has arguments for, returns the gradient in the structure of the parameters, or a pair of
        loss and gradient. At each call it gets arrays of its own.
    name : str, optional
        In tables; the function's own by default.
    exact : bool, default True
        Whether rounding is its only error. Of one that approximates, say so: then it is wrong only
        where it has no correct digit.

    Raises
    ------
    InvalidOption
        If `function` is not callable.

    Notes
    -----
    Where it returns no loss, that of the problem is evaluated beside it, but not again at the
    problem's own point: what is timed is the gradient.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> problem = gm.Problem(lambda w, xp=np: xp.sum(xp.sin(w)), np.array([0.1, 2.0]))
    >>> mine = gm.Handwritten(np.cos, name="mine")
    >>> gm.compare(problem, [mine, "backprop"], seconds=0).verdicts
    {'mine': 'right', 'backprop': 'right'}
    """

    function: Callable[..., Any]
    name: str = ""
    exact: bool = True

    black_box: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Take the name of the function, if none is given."""
        if not callable(self.function):
            raise InvalidOption(
                f"Expected a function of the parameters, got {type(self.function).__name__}. "
                "Numbers alone are checked by gm.check_gradient(numbers, problem)."
            )
        object.__setattr__(self, "name", self.name or called(self.function, "gradient"))

    def obstacle(self, problem: Problem) -> str | None:
        """Say why the function cannot be called with the problem's data, or None."""
        try:
            _data_taken(self.function, problem, self.name)
        except InvalidOption as refusal:
            return str(refusal)
        return None

    def prepare(self, problem: Problem) -> PreparedHandwritten:
        """Find out which of the data the function takes."""
        watch = Stopwatch()
        with watch("signature"):
            takes = _data_taken(self.function, problem, self.name)
        return PreparedHandwritten(problem, watch.seconds, self.function, takes)


class PreparedHandwritten(PreparedGradient):
    """A user's function with the names of the data that it takes."""

    forward_passes: int | None = None
    value_passes = 0

    def __init__(
        self,
        problem: Problem,
        preparation: dict[str, float],
        function: Callable[..., Any],
        takes: list[str],
    ) -> None:
        super().__init__(problem, preparation)
        self._function, self._takes = function, takes
        self._home = problem.structure.check(problem.params)
        self._value: float | None = None

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        given = call(self._function, self._takes, self.problem, params, data)
        if given.value is not None:
            return given.value, given.gradient
        home = data is self.problem.data and all(
            np.array_equal(params[name], array) for name, array in self._home.items()
        )
        if home and self._value is not None:
            return self._value, given.gradient
        value = float(self.problem.value(self.problem.structure.restore(params), **data))
        self._value = value if home else self._value
        return value, given.gradient


def call(
    function: Callable[..., Any], takes: list[str], problem: Problem, params: Arrays, data: Arrays
) -> Given:
    """Call a user's function with copies: it may write into them, or keep them."""
    own = problem.structure.restore({name: array.copy() for name, array in params.items()})
    with np.errstate(all="ignore"):
        return read(function(own, **{name: data[name].copy() for name in takes}), problem)


def callable_of(gradient: Any, problem: Problem) -> tuple[Call, str]:
    """Return how to ask a user's function at the point of a problem, and its name.

    Raises
    ------
    InvalidOption
        If it cannot be called with parameters, nor with parameters and the problem's data.
    """
    if isinstance(gradient, Handwritten):
        return callable_of(gradient.function, problem)[0], gradient.name
    if isinstance(gradient, Provider) and not isinstance(gradient, type):
        prepared = gradient.prepare(problem)
        return lambda at: read(prepared(at.params), at), gradient.name
    name = called(gradient, "gradient")
    takes = _data_taken(gradient, problem, name)

    def ask(at: Problem) -> Given:
        return call(gradient, takes, at, at.structure.check(at.params), at.data)

    return ask, name


def _data_taken(function: Callable[..., Any], problem: Problem, name: str) -> list[str]:
    """Return the names of the data that a function wants beside the parameters."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # written in C: its arguments are not known
        return []
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    # The first argument takes the parameters, whatever it is called.
    by_name = list(signature.parameters.values())[1:]
    takes = [p.name for p in by_name if p.name in problem.data and p.kind != p.POSITIONAL_ONLY]
    if inspect.Parameter.VAR_KEYWORD in kinds:
        takes = list(problem.data)
    try:
        signature.bind(None, **dict.fromkeys(takes))
    except TypeError as error:
        wanted = ", ".join(["params", *problem.data])
        raise InvalidOption(
            f"{name!r} cannot be called as {name}({wanted}): {error}. Write the gradient as a "
            f"function of the parameters alone, or of the parameters and the data by name."
        ) from error
    return takes


def read(result: Any, problem: Problem) -> Given:
    """Read what a function returned, or values: a gradient, or a pair of loss and gradient."""
    value: float | None = None
    if isinstance(result, tuple) and len(result) == 2 and _is_pair(result, problem):
        value, result = _number(result[0]), result[1]
    return Given(_arrays(result, problem), value)


def _number(loss: Any) -> float:
    try:
        kind = np.asarray(loss).dtype.kind
    except (TypeError, ValueError, RuntimeError):  # a tensor of its own kind
        kind = "f"
    if kind not in "fiu":
        raise ShapeMismatch(
            f"Expected the loss as a real number beside the gradient, got {type(loss).__name__}. "
            "Return (loss, gradient), or the gradient alone."
        )
    return float(loss)


def _is_pair(result: tuple[Any, Any], problem: Problem) -> bool:
    first, second = result
    try:
        if isinstance(first, Mapping) or np.shape(first) != ():
            return False
    except ValueError:  # containers of several shapes
        return False
    structure = problem.structure
    if structure.bare:
        return bool(np.shape(second) == structure.shapes[BARE])
    try:
        structure.leaves(second)
    except ShapeMismatch:
        return isinstance(second, Mapping)  # of other names, which is what to complain about
    return True


def _arrays(gradient: Any, problem: Problem) -> Arrays:
    given = problem.structure.leaves(gradient, "gradient")
    shapes, dtype = problem.structure.shapes, problem.structure.dtype
    return {name: _array(name, given[name], shape, dtype) for name, shape in shapes.items()}


def _array(name: str, given: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    what = f"the gradient of {name!r}" if name else "the gradient"
    if lost := lost_meaning(given):
        raise ShapeMismatch(f"{what[0].upper()}{what[1:]} {lost}")
    try:
        array = np.array(without_graph(given))
    except (TypeError, ValueError) as error:
        raise ShapeMismatch(f"Expected {what} as an array of {dtype}, got {error}.") from error
    if array.dtype.kind not in "fiu":
        raise ShapeMismatch(
            f"Expected {what} in real numbers, got dtype {array.dtype}. Return NumPy arrays of "
            f"{dtype}."
        )
    if array.shape != shape:
        hint = " It has the shape of the transpose." if array.shape == shape[::-1] else ""
        raise ShapeMismatch(
            f"Expected {what} in the shape of the parameter, {shape}, got {array.shape}.{hint}"
        )
    with np.errstate(over="ignore", under="ignore"):
        return array.astype(dtype)


def own_provider(path: Path, variable: str) -> Provider:
    """Return what a file holds as a provider.

    Parameters
    ----------
    path : Path
        The file.
    variable : str
        A provider; its class, which is made without arguments; or a function of the parameters that
        returns a gradient, as `Handwritten` takes it.

    Raises
    ------
    UnknownName
        If there is no such file or variable.
    InvalidOption
        If the variable is nothing of these.
    """
    found: Any = variable_of(path, variable, _may_be)
    if inspect.isclass(found):
        try:
            found = found()
        except TypeError as error:
            raise InvalidOption(
                f"The class {variable!r} in {path} cannot be made without arguments: {error}. Name "
                "a variable that holds a provider."
            ) from error
    if isinstance(found, Provider):
        return found
    if callable(found):
        return Handwritten(found, name=variable)
    raise InvalidOption(
        f"{variable!r} in {path} is a {type(found).__name__}; expected a provider (an object with "
        "name, obstacle and prepare), its class, or a function that returns a gradient."
    )


def _may_be(value: Any) -> bool:
    own = inspect.isfunction(value) or inspect.isclass(value)
    return own or isinstance(value, Provider)
