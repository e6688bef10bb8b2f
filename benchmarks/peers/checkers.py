"""Gradient checkers of other packages, given the same gradients to judge as ours.

Each compares a gradient with differences of the loss, as its documentation says to use it, with its
own tolerances. All are given one function of one flat vector, and a gradient that is constant: the
numbers under test. Every import of a package stands inside a function.

Sources: the documentation of `scipy.optimize.check_grad`, `torch.autograd.gradcheck`,
`jax.test_util.check_grads`, and of HIPS autograd's `autograd.test_util.check_grads`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.errors import UnsupportedOperation
from gradmethods.providers.peers.jax import configured
from gradmethods.providers.peers.peer import missing

Vector = NDArray[np.float64]
Flat = Callable[[Any], Any]

SCIPY = 1e-6
"""`check_grad` returns the norm of a difference and names no limit. Its examples show 3e-8, the
square root of its unit round-off; this leaves a factor of thirty for functions that are not near 1.
"""

SEED = 0


@dataclass(frozen=True)
class Checker(ABC):
    """A gradient checker of another package."""

    packages: ClassVar[tuple[str, ...]]

    @property
    @abstractmethod
    def name(self) -> str:
        """The function's name in tables."""

    @property
    @abstractmethod
    def rule(self) -> str:
        """What it compares, and its tolerances, in words."""

    def missing(self) -> str | None:
        """Say which packages are not installed, or None."""
        return missing(self.packages)

    def obstacle(self, problem: Problem) -> str | None:
        """Say why it cannot judge gradients of a problem, or None if it can."""
        if problem.dtype != np.float64:
            return "its tolerances are made for double precision"
        return self.missing()

    def accepts(self, problem: Problem, gradient: Arrays) -> bool:
        """Whether it finds no fault with a gradient at the problem's point.

        Raises
        ------
        UnsupportedOperation
            If there is an obstacle.
        """
        obstacle = self.obstacle(problem)
        if obstacle:
            raise UnsupportedOperation(f"{self.name}: {obstacle}.")
        structure = problem.structure
        point = structure.join(structure.check(problem.params))
        with np.errstate(all="ignore"):
            return self._accepts(flat_loss(problem), point, structure.join(gradient))

    @abstractmethod
    def _accepts(self, loss: Flat, point: Vector, gradient: Vector) -> bool:
        """Ask the package."""


@lru_cache(maxsize=1)
def flat_loss(problem: Problem) -> Flat:
    """Return the loss as a function of one vector of all parameters, in plain NumPy.

    It is the same function for every gradient of a problem: JAX compiles calls of a new one anew.
    """
    structure = problem.structure

    def loss(x: Any) -> Any:
        vector = np.array(x, structure.dtype)
        return np.float64(problem.value(structure.restore(structure.split(vector))))

    return loss


@dataclass(frozen=True)
class ScipyCheckGrad(Checker):
    """``scipy.optimize.check_grad(func, grad, x0)``."""

    packages: ClassVar[tuple[str, ...]] = ("scipy",)

    @property
    def name(self) -> str:
        """``scipy.check_grad``."""
        return "scipy.check_grad"

    @property
    def rule(self) -> str:
        """The rule."""
        return (
            "forward differences of every entry with step 1.5e-8; returns the norm of the "
            f"difference and leaves the limit to its user, here {SCIPY:g}"
        )

    def _accepts(self, loss: Flat, point: Vector, gradient: Vector) -> bool:
        from scipy.optimize import check_grad

        return bool(check_grad(loss, lambda _x: gradient, point) <= SCIPY)


@dataclass(frozen=True)
class TorchGradcheck(Checker):
    """``torch.autograd.gradcheck(func, inputs)`` of a ``torch.autograd.Function``."""

    packages: ClassVar[tuple[str, ...]] = ("torch",)

    @property
    def name(self) -> str:
        """``torch.gradcheck``."""
        return "torch.gradcheck"

    @property
    def rule(self) -> str:
        """The rule."""
        return (
            "central differences of every entry with step 1e-6; "
            "|difference| ≤ 1e-5 + 1e-3 |numerical|"
        )

    def _accepts(self, loss: Flat, point: Vector, gradient: Vector) -> bool:
        import torch

        given = torch.tensor(gradient)

        class Function(torch.autograd.Function):  # type: ignore[misc]  # torch is not there to see
            @staticmethod
            def forward(_ctx: Any, x: Any) -> Any:
                return torch.tensor(loss(x.detach().numpy()), dtype=x.dtype)

            @staticmethod
            def backward(_ctx: Any, cotangent: Any) -> Any:
                return cotangent * given

        x = torch.tensor(point, requires_grad=True)
        return bool(torch.autograd.gradcheck(Function.apply, (x,), raise_exception=False))


@dataclass(frozen=True)
class JaxCheckGrads(Checker):
    """``jax.test_util.check_grads(f, args, order=1, modes=["rev"])`` of a ``jax.custom_vjp``."""

    packages: ClassVar[tuple[str, ...]] = ("jax",)

    @property
    def name(self) -> str:
        """``jax.check_grads``."""
        return "jax.check_grads"

    @property
    def rule(self) -> str:
        """The rule."""
        return (
            "one central difference along one random direction with step 1e-4; "
            "|difference| ≤ 1e-5 + 1e-5 |numerical|"
        )

    def _accepts(self, loss: Flat, point: Vector, gradient: Vector) -> bool:
        jax = configured()
        from jax.test_util import check_grads

        shape = jax.ShapeDtypeStruct((), point.dtype)

        @jax.custom_vjp
        def function(x: Any) -> Any:
            return jax.pure_callback(loss, shape, x)

        function.defvjp(
            lambda x: (function(x), None),
            lambda _, cotangent: (cotangent * jax.numpy.asarray(gradient),),
        )
        return passes(lambda: check_grads(function, (point,), order=1, modes=["rev"]))


@dataclass(frozen=True)
class AutogradCheckGrads(Checker):
    """``autograd.test_util.check_grads(f, modes=["rev"], order=1)(x)`` of a primitive."""

    packages: ClassVar[tuple[str, ...]] = ("autograd",)

    @property
    def name(self) -> str:
        """``autograd.check_grads``."""
        return "autograd.check_grads"

    @property
    def rule(self) -> str:
        """The rule."""
        return (
            "one central difference along one random direction with step 1e-6; "
            "|difference| < 1e-6, or < 1e-6 |sum of both|"
        )

    def _accepts(self, loss: Flat, point: Vector, gradient: Vector) -> bool:
        from autograd.extend import defvjp, primitive
        from autograd.test_util import check_grads

        function = primitive(loss)
        defvjp(function, lambda _value, _x: lambda cotangent: cotangent * gradient)
        # It draws from NumPy's global generator: seeded, so that the table can be made again.
        state = np.random.get_state()  # noqa: NPY002  # the generator that autograd uses
        np.random.seed(SEED)  # noqa: NPY002  # as above
        try:
            return passes(lambda: check_grads(function, modes=["rev"], order=1)(point))
        finally:
            np.random.set_state(state)  # noqa: NPY002  # as above


def passes(check: Callable[[], Any]) -> bool:
    """Whether a check that asserts finds nothing to assert."""
    try:
        check()
    except AssertionError:
        return False
    return True


CHECKERS: dict[str, Checker] = {
    checker.name: checker
    for checker in (ScipyCheckGrad(), TorchGradcheck(), JaxCheckGrads(), AutogradCheckGrads())
}
"""Every checker by its name."""
