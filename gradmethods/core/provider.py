"""What a provider is: a way to compute a gradient, prepared once and evaluated many times.

The providers themselves live in `gradmethods.providers`, one method a file.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays, Parameters, ParametersLike
from gradmethods.errors import UnsupportedOperation


class GradientResult(NamedTuple):
    """The loss at a point and its gradient there.

    Attributes
    ----------
    value : numpy.float64 or numpy.float32
        The loss.
    gradient : numpy.ndarray, or containers of numpy.ndarray
        Partial derivatives, in the structure, shapes and dtype of the parameters. The arrays are
        the caller's: no later call writes to them.
    """

    value: np.floating[Any]
    gradient: Parameters


class PreparedGradient(ABC):
    """A gradient made ready for one problem's loss and shapes; call it at any point.

    Attributes
    ----------
    problem : Problem
        What it was prepared for; its data are the default.
    preparation : dict of str to float
        Seconds spent preparing, by part ("trace", "derive", "compile", …).
    preparation_passes : int
        Forward passes in plain NumPy that preparation took.
    forward_passes : int or None
        Forward passes that one gradient takes. None before the first call of a method that
        decides while it runs.
    value_passes : int
        Forward passes for the value, beyond those for the gradient.
    error_estimate : numpy.ndarray or containers of them, or None
        The method's own estimate of the absolute error of the last gradient, where it has one; in
        the structure of the parameters.
    unresolved : numpy.ndarray or containers of them, or None
        Which entries of the last gradient the method could not resolve: their estimated error is
        infinite, and their values are the best that could be had. Boolean, in the structure of the
        parameters; None for a method that has no such notion.
    """

    preparation_passes: int = 0
    forward_passes: int | None
    value_passes: int
    _errors: NDArray[Any] | Callable[[], NDArray[Any]] | None = None
    """The estimated errors of the last gradient, flat, or the function that computes them."""

    def __init__(self, problem: Problem, preparation: dict[str, float]) -> None:
        self.problem = problem
        self.preparation = preparation

    @property
    def error_estimate(self) -> Parameters | None:
        """The estimated absolute error of each entry of the last gradient, None if unknown."""
        errors = self._estimated()
        return None if errors is None else self._structured(errors)

    @property
    def unresolved(self) -> Parameters | None:
        """Which entries of the last gradient are not resolved, None if that cannot be said."""
        errors = self._estimated()
        return None if errors is None else self._structured(~np.isfinite(errors))

    def _estimated(self) -> NDArray[Any] | None:
        """Return the estimated errors: nobody waits for them who does not read them."""
        errors = self._errors
        return errors() if callable(errors) else errors

    def _structured(self, vector: NDArray[Any]) -> Parameters:
        structure = self.problem.structure
        return structure.restore(structure.split(vector))

    def __call__(self, params: ParametersLike, **data: ArrayLike) -> GradientResult:
        """Compute the loss and its gradient at `params`, on other `data` if given.

        Parameters
        ----------
        params : array_like, or containers of them
            A point of the structure and shapes prepared for.
        **data : array_like
            Data to use instead of the problem's, of the same shapes.

        Returns
        -------
        GradientResult

        Raises
        ------
        ShapeMismatch
            If the structure, a shape or a dtype differs from what was prepared.
        """
        structure = self.problem.structure
        filled = self.problem.fill(data) if data else self.problem.data
        value, arrays = self._run(structure.check(params), filled)
        return GradientResult(value, structure.restore(arrays))

    def flat(self, vector: ArrayLike, **data: ArrayLike) -> tuple[float, NDArray[np.float64]]:
        """Compute the loss and its gradient over one flat vector of all parameters.

        This is what optimisers take: ``scipy.optimize.minimize(prepared.flat, start, jac=True)``,
        with the start ``problem.flat_params``. What they find gets the structure of the parameters
        by ``problem.unflatten(vector)``.

        Parameters
        ----------
        vector : array_like, shape (n,)
            The parameter arrays laid end to end, in their order.
        **data : array_like
            As in a call.

        Returns
        -------
        value : float
        gradient : numpy.ndarray, shape (n,), float64
            A new array, whatever the dtype of the parameters: optimisers work in float64.

        Raises
        ------
        ShapeMismatch
            If the vector is not of shape (n,).

        Examples
        --------
        >>> import gradmethods as gm
        >>> problem = gm.problems.get("rosenbrock", n=4)
        >>> prepared = gm.Backprop().prepare(problem)
        >>> prepared.flat([1.0, 1.0, 1.0, 1.0])[0]
        0.0

        With SciPy, which is not needed otherwise:

        >>> from scipy.optimize import minimize  # doctest: +SKIP
        >>> minimize(prepared.flat, problem.flat_params, jac=True).x.round(3)  # doctest: +SKIP
        array([1., 1., 1., 1.])
        """
        structure = self.problem.structure
        value, gradient = self(self.problem.unflatten(vector), **data)
        flat = structure.join(structure.check(gradient))
        return float(value), flat.astype(np.float64, copy=False)

    def _run(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        """Evaluate without warnings: NaN and infinity are findings, and are reported as such."""
        with np.errstate(all="ignore"):
            value, arrays = self._evaluate(params, data)
            return self.problem.dtype.type(value), arrays  # which may overflow, too

    @abstractmethod
    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        """Compute value and gradient: a new dict of new arrays, in the order of `params`."""

    def source(self) -> str:
        """Return the code that this method generated, for reading."""
        raise UnsupportedOperation(
            f"{type(self).__name__} evaluates the loss itself and generates no code."
        )


@runtime_checkable
class Provider(Protocol):
    """A way to compute gradients. Any object with these three members takes part in everything.

    It may say more of itself, in attributes that all are optional (`providers.registry.Traits` has
    their meaning): `family`, a str; `exact` and `black_box`, bool; `label`, a str; `style`, a
    `gradmethods.output.style.Style`.
    """

    @property
    def name(self) -> str:
        """The name in tables, unique among the providers compared."""
        ...

    def obstacle(self, problem: Problem) -> str | None:
        """Say why this provider cannot differentiate `problem`, or None if it can."""
        ...

    def prepare(self, problem: Problem) -> PreparedGradient:
        """Derive, choose steps, or trace and compile: all that is done once."""
        ...


class Stopwatch:
    """Seconds by part of a preparation.

    Examples
    --------
    >>> watch = Stopwatch()
    >>> with watch("trace"):
    ...     pass
    >>> list(watch.seconds)
    ['trace']
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        """Add the time that the block takes to `part`."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] = self.seconds.get(part, 0.0) + time.perf_counter() - start
