"""A tool for GradBench: answer its messages, one JSON object a line, by a method of the suite.

The protocol is that of https://github.com/gradbench/gradbench: an eval sends `start`, `define`,
`evaluate` and `analysis`; each message gets one response with its `id`. A gradient that cannot be
had is a failure with its reason, and nothing ends a run but the end of the input.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TextIO

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Provider
from gradmethods.errors import GradientError, InvalidOption
from gradmethods.problems import log_sum_exp
from gradmethods.problems.gradbench import (
    determinant,
    gaussian_mixture,
    k_means,
    lstm,
    polynomial_fit,
    runge_kutta,
)
from gradmethods.timing.memory import ceiling

Input = Mapping[str, Any]


def _numbers(given: Input, name: str, ndim: int | None = None) -> Any:
    """Return an array of an input, or raise an error that says what is wrong with it."""
    if name not in given:
        raise InvalidOption(f"The input has no {name!r}.")
    try:
        array = np.asarray(given[name])
        if array.dtype.kind == "O" and all(isinstance(x, int) for x in array.flat):
            array = array.astype(float)  # beyond 64 bits
    except (ValueError, OverflowError):
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise InvalidOption(f"{name!r} must hold numbers in rows of equal length.")
    if ndim is not None and array.ndim != ndim:
        raise InvalidOption(f"{name!r} must have {ndim} axes, got the shape {array.shape}.")
    return array.astype(float)


def _whole(given: Input, name: str, least: int = 1) -> int:
    value = given.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise InvalidOption(f"{name!r} must be a whole number, at least {least}, got {value!r}.")
    return value


def _shaped(given: Input, name: str, *shape: int) -> Any:
    array = _numbers(given, name)
    if array.size == 0 and 0 in shape:
        array = array.reshape(shape)
    if array.shape != shape:
        raise InvalidOption(f"{name!r} must have the shape {shape}, got {array.shape}.")
    return array


def _square(x: Any, *, xp: Any = np) -> Any:  # noqa: ARG001  # a square needs no function of xp
    return x * x


def _hello(given: Any) -> Problem:
    if isinstance(given, bool) or not isinstance(given, (int, float)):
        raise InvalidOption(f"The input must be a number, got {type(given).__name__}.")
    return Problem(_square, np.asarray(float(given)), name="hello")


def _llsq(given: Input) -> Problem:
    n, x = _whole(given, "n", 2), _numbers(given, "x", 1)
    return Problem(polynomial_fit.loss, x, polynomial_fit.data_of(n, x.size), name="llsq")


def _lse(given: Input) -> Problem:
    return Problem(log_sum_exp.loss, _numbers(given, "x", 1), name="lse")


def _det(given: Input) -> Problem:
    n = _whole(given, "ell")
    if n > determinant.LARGEST:
        raise InvalidOption(
            f"'ell' must be at most {determinant.LARGEST}, got {n}: the minors fill the memory."
        )
    return Problem(determinant.loss, _shaped(given, "A", n * n).reshape(n, n), name="det")


def _ode(given: Input) -> Problem:
    return Problem(
        partial(runge_kutta.loss, _whole(given, "s")), _numbers(given, "x", 1), name="ode"
    )


def _gmm(given: Input) -> Problem:
    d, k, n = (_whole(given, name) for name in ("d", "k", "n"))
    gamma = float(_shaped(given, "gamma"))
    if not gamma > 0:
        raise InvalidOption(f"'gamma' must be positive, got {gamma}.")
    loss = partial(gaussian_mixture.loss, gamma, _whole(given, "m", 0))
    params = {
        "alpha": _shaped(given, "alpha", k),
        "mu": _shaped(given, "mu", k, d),
        "q": _shaped(given, "q", k, d),
        "l": _shaped(given, "l", k, d * (d - 1) // 2),
    }
    return Problem(loss, params, {"x": _shaped(given, "x", n, d)}, name="gmm")


def _lstm(given: Input) -> Problem:
    state, sequence = _numbers(given, "state", 2), _numbers(given, "sequence", 2)
    rows, b = state.shape
    if rows % 2 or not rows:
        raise InvalidOption(f"'state' must have two rows a layer, got {rows}.")
    if len(sequence) < 2:
        raise InvalidOption(f"'sequence' must have at least two rows, got {len(sequence)}.")
    params = {
        "main": _shaped(given, "main_params", rows, 4 * b),
        "extra": _shaped(given, "extra_params", 3, b),
    }
    data = {"state": state, "sequence": _shaped(given, "sequence", len(sequence), b)}
    return Problem(lstm.loss, params, data, name="lstm")


def _kmeans(given: Input) -> Problem:
    points, centres = _numbers(given, "points", 2), _numbers(given, "centroids", 2)
    centres = _shaped(given, "centroids", len(centres), points.shape[1])
    return Problem(k_means.loss, centres, {"points": points}, name="kmeans")


def _row_major(gradient: Any, problem: Problem) -> Any:
    arrays = problem.structure.leaves(gradient).values()
    return [x for array in arrays for x in np.ravel(array).tolist()]


def _nested(gradient: Any, problem: Problem) -> Any:
    del problem
    if isinstance(gradient, Mapping):
        return {name: np.asarray(array).tolist() for name, array in gradient.items()}
    return np.asarray(gradient).tolist()


def _towards_means(gradient: Any, problem: Problem) -> Any:
    """Divide by the diagonal of the Hessian, twice the number of points of each cluster."""
    centres, points = problem.params, problem.data["points"]
    # Coordinate by coordinate: of ten thousand points and a thousand centres all are gigabytes.
    pairs = zip(points.T, centres.T, strict=True)
    apart = sum((np.subtract.outer(p, c) ** 2 for p, c in pairs), np.zeros(()))
    nearest = np.argmin(apart, axis=1)
    sizes = np.bincount(nearest, minlength=len(centres))
    if not sizes.all():
        raise InvalidOption("A centre is nearest to no point: the Hessian is singular.")
    return (gradient / (2 * sizes[:, None])).tolist()


def _all_values(problem: Problem, given: Input) -> Any:
    """Integrate: this primal is the whole solution, and its gradient that of the last value."""
    return runge_kutta.solution(problem.params, _whole(given, "s")).tolist()


@dataclass(frozen=True)
class Eval:
    """An eval: how to make its problem, and what to return.

    Attributes
    ----------
    primal, gradient : str
        Names of its two functions.
    problem : callable
        Makes the problem of an input.
    shown : callable
        ``shown(gradient, problem)`` makes of a gradient what the eval expects.
    value : callable, optional
        ``value(problem, input)`` is the primal, where that is more than the loss.
    """

    primal: str
    gradient: str
    problem: Callable[[Any], Problem]
    shown: Callable[[Any, Problem], Any] = _nested
    value: Callable[[Problem, Any], Any] | None = None


EVALS = {
    "hello": Eval("square", "double", _hello),
    "llsq": Eval("primal", "gradient", _llsq),
    "lse": Eval("primal", "gradient", _lse),
    "det": Eval("primal", "gradient", _det, _row_major),
    "ode": Eval("primal", "gradient", _ode, value=_all_values),
    "gmm": Eval("objective", "jacobian", _gmm),
    "lstm": Eval("objective", "jacobian", _lstm, _row_major),
    "kmeans": Eval("cost", "dir", _kmeans, _towards_means),
}
"""The evals by module; names are GradBench's."""


class Tool:
    """A tool that answers messages by one method.

    Parameters
    ----------
    provider : Provider

    Examples
    --------
    >>> import gradmethods as gm
    >>> tool = Tool(gm.Backprop())
    >>> message = {"id": 1, "kind": "evaluate", "module": "hello", "function": "double", "input": 3}
    >>> answer = tool.answer(message)
    >>> answer["success"], answer["output"]
    (True, 6.0)
    """

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    def answer(self, message: Any) -> dict[str, Any]:
        """Return the response to a message."""
        if not isinstance(message, Mapping):
            return {"id": None}
        number = message.get("id")
        known = isinstance(number, int) and not isinstance(number, bool)
        response: dict[str, Any] = {"id": number if known else None}
        kind = message.get("kind")
        if kind == "start":
            response["tool"] = f"gradmethods {self._provider.name}"
        elif kind == "define":
            response |= _outcome(lambda: self._define(message))
        elif kind == "evaluate":
            response |= _outcome(ceiling()(lambda: self._evaluate(message)))
        return response

    def _define(self, message: Mapping[str, Any]) -> dict[str, Any]:
        _named("module", message.get("module"), EVALS)
        return {}

    def _evaluate(self, message: Mapping[str, Any]) -> dict[str, Any]:
        module = EVALS[_named("module", message.get("module"), EVALS)]
        known = (module.primal, module.gradient)
        function = _named("function", message.get("function"), known)
        given = message.get("input")
        if module.problem is not _hello and not isinstance(given, Mapping):
            raise InvalidOption(f"The input must be an object, got {type(given).__name__}.")
        problem = module.problem(given)
        timings: list[dict[str, Any]] = []
        run: Callable[[], Any]
        if function == module.primal:
            value = module.value

            def run() -> Any:
                return value(problem, given) if value else float(problem.value())

        else:
            start = time.perf_counter_ns()
            prepared = self._provider.prepare(problem)
            timings.append({"name": "prepare", "nanoseconds": time.perf_counter_ns() - start})

            def run() -> Any:
                return prepared(problem.params).gradient

        output, runs = _repeated(run, given if isinstance(given, Mapping) else {})
        timings += [{"name": "evaluate", "nanoseconds": nanoseconds} for nanoseconds in runs]
        if function == module.gradient:
            output = module.shown(output, problem)
        return {"output": _finite(output), "timings": timings}


def _repeated(run: Callable[[], Any], given: Input) -> tuple[Any, list[int]]:
    """Run as often and as long as an input asks for; return the result and each time in ns."""
    least, seconds = given.get("min_runs", 1), given.get("min_seconds", 0)
    if not all(isinstance(x, (int, float)) and math.isfinite(x) for x in (least, seconds)):
        raise InvalidOption("'min_runs' and 'min_seconds' must be finite numbers.")
    runs: list[int] = []
    while True:
        start = time.perf_counter_ns()
        result = run()
        runs.append(time.perf_counter_ns() - start)
        if len(runs) >= least and sum(runs) >= 1e9 * seconds:
            return result, runs


def _named(what: str, name: Any, known: Any) -> str:
    if name not in known:
        raise InvalidOption(f"There is no {what} {name!r}; known are {', '.join(known)}.")
    return str(name)


def _finite(output: Any) -> Any:
    """Return an output, which JSON must be able to hold."""
    try:
        json.dumps(output, allow_nan=False)
    except ValueError:
        raise InvalidOption("The result is not finite.") from None
    return output


def _outcome(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the result of some work, or a message that says how it failed."""
    try:
        return {"success": True} | work()
    except GradientError as error:
        return _failure(str(error))
    except Exception as error:  # noqa: BLE001  # whatever came in, the run goes on
        return _failure(f"{type(error).__name__}: {error}")


def _failure(error: str) -> dict[str, Any]:
    """Return a failure; half of a pair of surrogates, which JSON may escape, is no text."""
    return {"success": False, "error": error.encode("utf-8", "replace").decode()}


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def serve(provider: Provider, source: Iterable[bytes], sink: TextIO) -> None:
    """Answer all messages of a stream, until it ends.

    Parameters
    ----------
    provider : Provider
    source : iterable of bytes
        A JSON object a line.
    sink : text stream
        Where the responses go, a line each.
    """
    tool = Tool(provider)
    for line in source:
        if not line.strip():
            continue
        try:
            message = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            response: dict[str, Any] = {"id": None} | _failure(f"no JSON: {error}")
        else:
            response = tool.answer(message)
        sink.write(json.dumps(response, allow_nan=False) + "\n")
        sink.flush()
