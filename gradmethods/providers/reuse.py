"""Finite differences over the recorded graph: what no perturbation touches is computed once."""

from __future__ import annotations

import math
import threading
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.engines.graph import record
from gradmethods.engines.graph.record import uncollected
from gradmethods.engines.incremental import Perturbed, Plan, Work, compile_plan
from gradmethods.providers import schemes
from gradmethods.providers.default_steps import Place, remembered
from gradmethods.providers.moved_loss import over_reals
from gradmethods.providers.parts import Parted, blocks
from gradmethods.providers.schemes import Losses, StepRule, Vector
from gradmethods.providers.steps import Answer, PrecisionStep

if TYPE_CHECKING:
    from gradmethods.providers.spreading import Spreading, Team

SECONDS_PER_OPERATION = 2e-10
"""For predicting how long a run will take; it decides about the progress bar and nothing else."""


def compile_reuse(
    problem: Problem, watch: Stopwatch, scheme: str, step: StepRule, team: Team | None = None
) -> PreparedReuse:
    """Record the loss and compile it for the perturbations of a scheme."""
    with uncollected():
        with watch("trace"):
            graph = record(problem)
        with watch("compile"):
            plan = compile_plan(graph, len(schemes.SCHEMES[scheme].offsets))
    return PreparedReuse(problem, watch.seconds, scheme, step, plan, team)


def compiled(problem: Problem, scheme: str) -> PreparedReuse:
    """Compile a loss for a scheme whose places are laid out elsewhere: what a worker holds."""
    return compile_reuse(problem, Stopwatch(), scheme, PrecisionStep(scheme))


def reused_at(
    prepared: PreparedReuse, here: tuple[Vector, Arrays | None], part: slice, places: Vector
) -> Vector:
    """Evaluate the loss with each entry of a part moved to its places: what a worker does."""
    problem = prepared.problem
    data = problem.data if here[1] is None else here[1]
    return prepared.losses_at(problem.structure.split(np.array(here[0])), data, part, places)


def _compiled_again(
    problem: Problem, preparation: dict[str, float], scheme: str, step: StepRule
) -> PreparedReuse:
    prepared = compile_reuse(problem, Stopwatch(), scheme, step)
    prepared.preparation = preparation
    return prepared


class PreparedReuse(Parted):
    """A plan of what each perturbation touches, for one problem's loss and shapes.

    The losses at moved parameters are those of plain evaluation but for round-off: of a product or
    a sum that a perturbation touches in one term only, it computes the difference and adds it to
    the unperturbed value, which errs by a unit round-off of that value as recomputing it does. The
    order of a whole sum is NumPy's own.

    A difference of infinities is no number where plain evaluation may have one. So where the loss
    is finite at the point but comes out infinite or not a number beside it, the loss itself is
    asked; and for the whole gradient, where a value inside, from which differences would be taken,
    is infinite or not a number at the point.

    Attributes
    ----------
    step : callable
        Maps a flat vector of parameters to one step for each.
    preparation_passes : int
        Forward passes that the choice of the steps took, in full.
    forward_passes : int
        The passes that the last gradient stands for; nearly none is made in full, but for those
        that chose steps anew.
    work : Work
        Scalar operations that a gradient takes, ``done``, and that as many passes would take,
        ``plain``; counted as `gradmethods.xp.primitives` does, for the entries really evaluated.
    workspace : int
        Bytes of the memory that blocks of perturbations work in, whatever the number of parameters.
    """

    forward_passes: int
    value_passes = 1

    def __init__(
        self,
        problem: Problem,
        preparation: dict[str, float],
        scheme: str,
        step: StepRule,
        plan: Plan,
        team: Team | None = None,
    ) -> None:
        super().__init__(problem, preparation)
        self.team = None if team is None else team.holding(compiled, scheme)
        self._choosing = team
        self._answer: Answer | None = None
        self.scheme = scheme
        self.step = self._first = step
        self.preparation_passes = step.passes
        self.forward_passes = self._passes = len(schemes.SCHEMES[scheme].offsets) * problem.size
        self.workspace = plan.workspace
        self._plan = plan
        self._perturbed = Perturbed(plan, problem.structure.shapes, problem.data)
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy what it was compiled for: the plan works in memory of its own."""
        state = {"_errors": self._estimated(), "forward_passes": self.forward_passes}
        return _compiled_again, (self.problem, self.preparation, self.scheme, self.step), state

    @property
    def work(self) -> Work:
        """Scalar operations that a gradient takes, and that as many forward passes would take."""
        return self._plan.work

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        structure = self.problem.structure
        team = self.team
        working = nullcontext() if team is None else team.working()
        with self._lock, working:  # the plan works in buffers: one run at a time
            self._perturbed.move_to(params, data)
            point, losses, seconds = self._beside(data)
            evaluate = over_reals(self.problem, point, data)

            def spread(name: str) -> Spreading | None:
                if team is None:
                    return None
                work = (self.scheme, "reuse", name), reused_at
                spreading: Spreading = team.at(*work, point, data, evaluate(), seconds, blocks)
                return spreading

            place = Place(point, data, evaluate, losses, seconds, spread, self._answer, self._first)
            estimate, self.step, self._answer = remembered(
                self.problem, self.scheme, self.step, place, self._choosing
            )
        self.forward_passes = estimate.passes
        self._errors = estimate.errors
        return estimate.value, structure.split(estimate.gradient)

    def losses_at(self, params: Arrays, data: Arrays, part: slice, places: Vector) -> Vector:
        """Evaluate the loss at a point with each entry of a part moved to each of its places."""
        with self._lock:
            self._perturbed.move_to(params, data)
            return self._beside(data)[1](part, places)

    def _beside(self, data: Arrays) -> tuple[Vector, Losses, float]:
        """Return the point, the losses beside it, and the seconds that one takes."""
        point = self._perturbed.point
        if self._perturbed.has_differences:
            return point, partial(self._losses, point, data), self._seconds
        point = point.copy()
        evaluate = over_reals(self.problem, point, data)
        value, seconds = schemes.timed(evaluate)
        return point, schemes.one_by_one(evaluate, value, point), seconds

    @property
    def _seconds(self) -> float:
        return SECONDS_PER_OPERATION * self._plan.operations / self._passes

    def _losses(self, point: Vector, data: Arrays, part: slice, places: Vector) -> Vector:
        found = self._perturbed.losses(part, places)
        if not math.isfinite(np.add.reduce(found, None)) and math.isfinite(found[-1, 0]):
            self._ask_the_loss(found, point.copy(), data, part, places)
        return found

    def _ask_the_loss(
        self, found: Vector, point: Vector, data: Arrays, part: slice, places: Vector
    ) -> None:
        evaluate = over_reals(self.problem, point, data)
        for row, column in np.argwhere(~np.isfinite(found)):
            one = slice(part.start + column, part.start + column + 1)
            place = places[row : row + 1, column : column + 1]
            found[row, column] = schemes.defined(evaluate, point, one, place)[0, 0]
