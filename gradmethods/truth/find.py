"""Find the true gradient within some seconds: all of it, a part, or the reason why not.

The certificate encloses every component in one sweep. What is too large for the time gets one along
some components and along a random direction within each parameter array: this is a certificate of
another problem, whose parameters are steps along these, so that everything else stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.deadline import deadline
from gradmethods.core.problem import Problem
from gradmethods.core.structure import Arrays
from gradmethods.core.tracebacks import in_words
from gradmethods.engines.graph import record
from gradmethods.errors import BudgetExceeded, NotDifferentiable
from gradmethods.output.format import duration
from gradmethods.truth.along import Sample
from gradmethods.truth.differences import Differences, by_differences
from gradmethods.truth.truth import Truth

if TYPE_CHECKING:
    from gradmethods.engines.certified import CertifiedGradient, Proven

SECONDS = 5.0
"""Seconds of computing that a certificate may take; a certificate of a part, and what rounding does
to it, may take as many again."""

DIGITS = 25
"""Number of certified digits, more than float64 has: the error of the truth does not count."""

COMPONENTS = 64
"""Number of components of a large gradient that are certified, at least one of each array."""

ENTRIES, ALONG = "components", "directions"
"""Names of the steps along which a part is certified."""


@dataclass(frozen=True, eq=False)
class Found:
    """The part of a problem's gradient that is known, or why none is.

    Attributes
    ----------
    problem : Problem
        Whose gradient it is.
    truth : Truth or None
        The certificate, of `problem` or of steps along a part of its parameters; differences with
        error bars, where values are all that is known of the loss; None if there is neither.
    why : str
        Why there is none; empty if there is one.
    part : Part, Sample or None
        What is known, if it is not the whole gradient.
    beside : dict
        What was found at points beside it, for whoever asks again.
    tie : gradmethods.engines.certified.Proven or None
        What is proven where there is no gradient, or where that is not decided.
    """

    problem: Problem
    truth: Truth | None = None
    why: str = ""
    part: Part | Sample | None = None
    tie: Proven | None = None
    beside: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def certified(self) -> bool:
        """Whether the known part is proven."""
        return self.truth is not None and not isinstance(self.truth, Differences)

    @property
    def words(self) -> str:
        """The reference against which a gradient is judged, in words."""
        if self.truth is None:
            return f"nothing: {self.why}"
        if not self.certified:
            n = self.problem.size
            every = f"in all {n:,} entries" if n > 1 else "in its one entry"
            digits = f"{self.truth.digits} digit{'s' * (self.truth.digits != 1)}"
            return (
                f"differences of the loss, {self._jumping()}not certified (their error bars leave "
                f"{digits}), {f'along {self.part.words}' if self.part else every}"
            )
        digits = f"({self.truth.digits} digits)"
        if self.part is not None:
            return f"certified derivatives {digits} along {self.part.words}"
        n = self.problem.size
        return f"the certified gradient {digits}, " + (
            f"all {n:,} components" if n > 1 else "its one component"
        )

    @property
    def jump(self) -> float:
        """The size of jumps of the loss near by, 0 where none were looked for, or found."""
        return self.truth.jump if isinstance(self.truth, Differences) else 0.0

    def _jumping(self) -> str:
        """Say that the loss was seen to jump, and how far off its values are said to be."""
        jump, off = self.jump, self.problem.loss_error
        jumps = f"which jumps by {jump:.0e} near by as if a solver in it stopped early, "
        error = f"whose values may be off by {off:g} (loss_error), "
        return jumps * bool(jump) + error * bool(off)

    def project(self, arrays: Arrays) -> Arrays:
        """Return the part of a gradient that is certified, in the structure of `truth`."""
        return arrays if self.part is None else self.part.project(arrays)

    def errors(self, arrays: Arrays) -> Arrays:
        """Return bounds on the certified part from bounds on the entries."""
        return arrays if self.part is None else self.part.errors(arrays)


@dataclass(frozen=True, eq=False)
class Part:
    """Some components of a gradient, and a direction within each parameter array.

    Attributes
    ----------
    problem : Problem
        Whose gradient it is.
    components : numpy.ndarray of int
        Positions in the flat vector of all parameters, ascending.
    directions : dict of str to numpy.ndarray
        Standard normal numbers, for each array.
    """

    problem: Problem
    components: NDArray[np.intp]
    directions: Arrays

    @property
    def words(self) -> str:
        """The parts of the gradient that are not certified, in words."""
        arrays = len(self.directions)
        within = f"within each of the {arrays} arrays" if arrays > 1 else "over all of them"
        return (
            f"{len(self.components)} of {self.problem.size:,} components and a random direction "
            f"{within}"
        )

    def along(self) -> Problem:
        """Return the loss as a function of steps along the components and the directions."""
        structure, loss = self.problem.structure, self.problem.loss
        point, chosen = structure.check(self.problem.params), self.components
        places = self._places()

        def stepped(steps: Any, *, xp: Any = np, **data: Any) -> Any:
            arrays = {}
            for i, (name, x) in enumerate(point.items()):
                which, inside = places[name]
                moved = xp.asarray(x) + steps[ALONG][i] * xp.asarray(self.directions[name])
                if which.size:
                    spread = np.full(x.size, which.size)
                    spread[inside] = np.arange(which.size)
                    padded = xp.concat(
                        [steps[ENTRIES][which[0] : which[-1] + 1], xp.zeros(1, dtype=x.dtype)]
                    )
                    moved = moved + xp.reshape(xp.take(padded, xp.asarray(spread)), x.shape)
                arrays[name] = moved
            return loss(structure.restore(arrays), **data, xp=xp)

        dtype = self.problem.dtype
        steps = {ENTRIES: np.zeros(len(chosen), dtype), ALONG: np.zeros(len(point), dtype)}
        return Problem(stepped, steps, self.problem.data, name=self.problem.name)

    def _places(self) -> dict[str, tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Return, for each array, which of the components lie in it, and where."""
        found, start = {}, 0
        for name, x in self.problem.structure.check(self.problem.params).items():
            which = np.flatnonzero((start <= self.components) & (self.components < start + x.size))
            found[name] = which, self.components[which] - start
            start += x.size
        return found

    def project(self, arrays: Arrays) -> Arrays:
        """Return the components and directional derivatives that a gradient implies."""
        products = [
            np.sum(np.asarray(arrays[name], np.longdouble) * d)
            for name, d in self.directions.items()
        ]
        return self._both(arrays, products)

    def errors(self, arrays: Arrays) -> Arrays:
        """Return bounds on components and along directions from bounds on the entries."""
        products = [
            np.sum(abs(d) * np.asarray(arrays[n], float)) for n, d in self.directions.items()
        ]
        return self._both(arrays, products)

    def _both(self, arrays: Arrays, products: list[Any]) -> Arrays:
        flat = self.problem.structure.join(arrays)[self.components].astype(float)
        return {ENTRIES: flat, ALONG: np.array(products, float)}


def find_truth(problem: Problem, seconds: float = SECONDS, *, rounding: bool = True) -> Found:
    """Certify a gradient, or a part of it where that takes too long.

    Of a loss that cannot be evaluated over balls because it is a black box, declared or in fact, it
    is had by differences.

    Parameters
    ----------
    problem : Problem
        The loss, at its own parameters and data.
    seconds : float, default 5.0
        Of computing, that certifying may take; a loaded machine changes nothing. Certifying a part
        may take so many more, and so may what rounding does to the gradient.
    rounding : bool, default True
        Whether to find that out, too. Without it a gradient can be measured. It can be judged, too,
        by what backpropagation is seen to err by.

    Examples
    --------
    >>> import gradmethods as gm
    >>> find_truth(gm.problems.get("rosenbrock", n=4)).words
    'the certified gradient (34 digits), all 4 components'
    """
    value = problem.value()
    if not np.isfinite(value):
        word = "NaN" if np.isnan(value) else "infinite"
        return Found(
            problem,
            why=f"the loss itself is {word} here. Move the parameters to where it is a number.",
        )
    if problem.black_box:
        return find_by_differences(problem)
    try:
        found = _whole(problem, seconds) or _in_part(problem, seconds)
        if found is not None and found.truth is not None and rounding:
            found = _bounded(found, seconds)
        why = f"certifying it, or a part of it, takes longer than {duration(seconds)}"
        return found or Found(problem, why=why)
    except NotDifferentiable as refusal:
        return Found(problem, why=str(refusal))
    except Exception as failure:  # noqa: BLE001  # a stranger's loss may raise anything on balls
        why = f"it cannot be certified: {in_words(failure)}"
        return (
            find_by_differences(problem, why=why)
            if _leaves_xp(problem)
            else Found(problem, why=why)
        )


def find_by_differences(problem: Problem, *, why: str = "", **how: int) -> Found:
    """Return the gradient by differences, all of it or along a sample.

    How much of it is `gradmethods.truth.differences.by_differences`'s to say.
    """
    truth, part = by_differences(problem, **how)
    return Found(problem, truth, why, part)


def _leaves_xp(problem: Problem) -> bool:
    """Whether a loss that takes `xp` is a black box in fact: nothing records it."""
    try:
        record(problem)
    except Exception:  # noqa: BLE001  # a stranger's loss, as above
        return True
    return False


def _whole(problem: Problem, seconds: float) -> Found | None:
    from gradmethods.engines.certified import certified_truth

    def work() -> Found:
        found = certified_truth(problem, DIGITS, budget=seconds)
        if found.certificate is None:
            return Found(problem, why=found.reason, tie=found)
        return _known(problem, found.certificate)

    try:
        return _in_time(work, seconds)
    except BudgetExceeded:
        return None


def _in_part(problem: Problem, seconds: float) -> Found | None:
    from gradmethods.engines.certified import certified_gradient

    part = draw_part(problem)

    def work() -> Found:
        return _known(problem, certified_gradient(part.along(), DIGITS), part)

    return _in_time(work, seconds)


def _in_time(work: Callable[[], Found], seconds: float) -> Found | None:
    allowed = deadline(seconds, busy=True)
    try:
        with allowed:
            return work()
    except allowed.passed:
        return None


def _known(problem: Problem, truth: CertifiedGradient, part: Part | None = None) -> Found:
    if truth.digits < DIGITS:
        return Found(
            problem,
            why=f"no more than {max(truth.digits, 0)} digits are certified with {truth.bits} bits, "
            "too few to judge by",
        )
    return Found(problem, truth, part=part)


def _bounded(found: Found, seconds: float) -> Found:
    """Return the certificate with a bound on rounding, or marked as without one."""
    truth: Any = found.truth

    def work() -> Found:
        truth.rounding()
        return found

    return _in_time(work, seconds) or replace(found, truth=replace(truth, bounded=False))


def draw_part(problem: Problem) -> Part:
    """Draw components, in proportion and at least one of each array, and directions within each."""
    rng = np.random.default_rng(0)
    point = problem.structure.check(problem.params)
    chosen, start = [], 0
    for x in point.values():
        count = min(x.size, max(1, COMPONENTS * x.size // problem.size))
        chosen.append(start + np.sort(rng.choice(x.size, count, replace=False)))
        start += x.size
    directions = {n: rng.standard_normal(x.shape).astype(x.dtype) for n, x in point.items()}
    return Part(problem, np.concatenate(chosen), directions)
