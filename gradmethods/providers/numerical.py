"""Numerical differentiation: differences of the loss at points beside the given one.

This method knows no derivative rule. The loss is a black box, unless reuse is asked for: then its
graph is recorded. Quotients live in `schemes`, steps in `steps` and the choice of them in `choice`,
the adaptive scheme in `extrapolation`, the complex step in `complex_step` and its arithmetic in
`gradmethods.engines.complex`, reuse in `reuse` and `gradmethods.engines.incremental`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gradmethods.core.problem import Problem
from gradmethods.core.provider import Stopwatch
from gradmethods.core.structure import Arrays
from gradmethods.engines.complex.imaginary_parts import Imaginary
from gradmethods.engines.graph import record
from gradmethods.engines.graph.record import check_same
from gradmethods.errors import (
    GradientError,
    InvalidOption,
    NotDifferentiable,
    UnknownName,
    UnsupportedOperation,
)
from gradmethods.output.style import ORANGE, Style
from gradmethods.providers import schemes
from gradmethods.providers.complex_step import check_tried, complex_step, slopes_at
from gradmethods.providers.default_steps import Place, choose_steps, remembered
from gradmethods.providers.extrapolation import climbed_at, richardson
from gradmethods.providers.moved_loss import losses_at, over_reals
from gradmethods.providers.parts import Parted
from gradmethods.providers.schemes import COMPLEX_STEP, RICHARDSON, StepRule
from gradmethods.providers.steps import Answer, FixedStep, PrecisionStep

if TYPE_CHECKING:
    from gradmethods.providers.reuse import PreparedReuse
    from gradmethods.providers.spreading import Spreading, Team

PLAIN, REUSE = EVALUATIONS = ("plain", "reuse")
REUSE_STYLE = Style("reuse", ORANGE, "P", "-")


@dataclass(frozen=True)
class Numerical:
    """Gradients from values of the loss alone, at least one forward pass per parameter.

    Parameters
    ----------
    scheme : str
        ``"forward"`` or ``"backward"`` (n passes and the one for the value, error of order h),
        ``"central"`` (2n, h²), ``"five-point"`` (4n, h⁴), ``"richardson"`` (as many as it takes;
        extrapolates central differences and estimates its own error) or ``"complex-step"`` (n
        passes in complex arithmetic, Im f(x + ih)/h: nothing is subtracted, so it is exact to
        round-off; a few more where it underflows, or the loss varies much faster than a parameter).
    step : float, optional
        The absolute step; the first one for ``"richardson"``. By default, preparation chooses steps
        that balance truncation and round-off in this problem: it takes four to twelve passes for
        each parameter, and a fraction of one where there are thousands that are alike. See
        `gradmethods.providers.default_steps`. The complex step needs none.
    evaluation : str
        ``"plain"``: the loss itself is called, with NumPy arrays and ``xp=numpy``. ``"reuse"``: its
        graph is recorded, and a perturbation recomputes only what depends on it. The differences
        are the same but for round-off, at a fraction of the cost; for the schemes of fixed steps.
    executor : concurrent.futures.Executor or callable, optional
        Who evaluates the loss: processes, threads, Dask's ``client.get_executor()``, MPI's. A
        function that makes one, such as ``functools.partial(ProcessPoolExecutor, 4)``, is called
        again where a worker died. The gradient is the same to the last bit. See docs/workers.md.
    timeout : float, optional
        Seconds that a worker may take for a part of the work, which is about half a second's.
    checkpoint : path, optional
        Folder in which finished parts are kept: the same gradient goes on where it was stopped.

    Raises
    ------
    UnknownName
        If there is no such scheme or evaluation.
    InvalidOption
        If the step is not a positive finite number, or the scheme knows no reuse.

    Notes
    -----
    Called as a black box, the loss is given read-only views of one private copy of the parameters,
    which is moved between passes. A loss that keeps its argument would see it change: it is found
    when its problem is made, and gets a copy of its own in every pass. The complex step runs what
    was recorded of the loss, all passes of a block at once: see
    `gradmethods.engines.complex.imaginary_parts`. Where that leaves doubts, and with a step that is
    given, it runs the loss itself over complex arrays, whose ``abs``, ``maximum``, ``where`` and
    comparisons go by real parts.

    After a call, ``prepared.error_estimate`` holds the estimated absolute error of each entry, and
    ``prepared.unresolved`` marks those that no step resolves: at a kink, beside one that is nearer
    than round-off lets see, or where noise drowns the derivative. Their estimate is infinite, their
    value the best there is. What is fainter than some ten roundings of the loss, or finer than four
    neighbouring numbers, no difference can see; nor the error of an inner solver that stops early,
    where it is the same beside the point. The complex step marks entries of which underflow leaves
    too few digits at every step; a step that was given and is wide takes a pass more, for its
    estimate.

    Steps are remembered at other points, and with other data: estimates are ten times as large
    there. Where losses show what they did not show where the steps were chosen, and an entry may be
    off by a tenth of itself or more, or where parameters became four times as large, or as small,
    steps are chosen anew, as `prepare` does at that point, and remembered from then on;
    ``forward_passes`` counts it. So a gradient may differ in its last digits by what was asked
    before, but for that at the problem's own point. With one difference to one side, five passes
    more are spent to see it.

    Sources: C. J. F. Ridders, Advances in Engineering Software 4 (1982) 75-76; W. Squire and
    G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40
    (1998) 110-112; J. R. R. A. Martins, P. Sturdza and J. J. Alonso, The complex-step derivative
    approximation, ACM Transactions on Mathematical Software 29 (2003) 245-262.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> def loss(w, *, xp=np):
    ...     return xp.sum(xp.exp(w))
    >>> prepared = gm.Numerical().prepare(gm.Problem(loss, np.array([0.0, 1.0])))
    >>> value, gradient = prepared(np.array([0.0, 0.5]))
    >>> gradient.round(8)
    array([1.        , 1.64872127])
    >>> prepared.forward_passes, prepared.value_passes
    (4, 1)
    """

    scheme: str = "central"
    step: float | None = None
    evaluation: str = "plain"
    executor: Any = field(default=None, compare=False, repr=False, kw_only=True)
    timeout: float | None = field(default=None, compare=False, repr=False, kw_only=True)
    checkpoint: Any = field(default=None, compare=False, repr=False, kw_only=True)

    family: ClassVar[str] = "numerical"

    def __post_init__(self) -> None:
        if self.scheme not in schemes.NAMES:
            raise UnknownName.among("scheme", self.scheme, schemes.NAMES)
        if self.evaluation not in EVALUATIONS:
            raise UnknownName.among("evaluation", self.evaluation, EVALUATIONS)
        if self.evaluation == REUSE and self.scheme not in schemes.SCHEMES:
            raise InvalidOption(
                f"evaluation='reuse' serves the schemes {', '.join(map(repr, schemes.SCHEMES))}, "
                f"got scheme={self.scheme!r}. Use evaluation='plain'."
            )
        if self.step is not None and not _positive(self.step):
            raise InvalidOption(
                f"step must be a positive finite number, got {self.step!r}. Leave it out (None) "
                "for the step that balances truncation and round-off."
            )
        if self.timeout is not None and not _positive(self.timeout):
            raise InvalidOption(
                f"timeout must be a positive number of seconds, got {self.timeout!r}. Leave it out "
                "(None) to wait as long as a worker takes."
            )
        if self.executor is not None:
            from gradmethods.core.pool import check_executor

            check_executor(self.executor)

    @property
    def name(self) -> str:
        """``numerical``, with the scheme and what else is not the default, as in ``[step=0.1]``."""
        if self == Numerical():
            return "numerical"
        given = [] if self.evaluation == PLAIN else [self.evaluation]
        given += [] if self.step is None else [f"step={float(self.step)!r}"]
        return f"numerical:{self.scheme}" + (f"[{','.join(given)}]" if given else "")

    @property
    def style(self) -> Style:
        """How it is drawn in every figure, and its label."""
        own = schemes.ALL[self.scheme].style
        words = [self.family, own.label]
        if self.evaluation == REUSE:
            own, words = REUSE_STYLE, [*words, REUSE_STYLE.label]
            if self.scheme == Numerical().scheme:
                del words[1]
        if self.step is not None:
            words.append(f"step {self.step:g}")
        return replace(own, label=", ".join(words))

    @property
    def label(self) -> str:
        """Its name for readers."""
        return self.style.label

    @property
    def exact(self) -> bool:
        """Whether there is no error beside round-off: nothing is subtracted."""
        return not schemes.ALL[self.scheme].subtracts

    @property
    def order(self) -> int | None:
        """The power of the step in the truncation error, None where there is none to speak of."""
        return None if self.exact else schemes.ALL[self.scheme].order

    @property
    def black_box(self) -> bool:
        """Whether values of the loss in plain NumPy are all that it takes."""
        return self.scheme != COMPLEX_STEP and self.evaluation == PLAIN

    @property
    def passes(self) -> tuple[int, int] | None:
        """Forward passes over n parameters, a and b of a n + b; None if that is not fixed."""
        return schemes.ALL[self.scheme].passes if self.evaluation == PLAIN else None

    @property
    def growth(self) -> float | None:
        """Exponent of n in the time of a gradient ÷ that of the loss, in theory."""
        return None if self.passes is None else 1.0

    def obstacle(self, problem: Problem) -> str | None:
        """Say why the loss cannot be evaluated in complex arithmetic, or recorded, or None.

        As a black box in real arithmetic, any loss will do.
        """
        if self.evaluation == REUSE:
            try:
                record(problem)
            except GradientError as error:
                return str(error)
        if self.scheme != COMPLEX_STEP:
            return None
        try:
            check_tried(problem, self._step_rule(problem))
            check_same(problem)
        except GradientError as error:
            return str(error)
        return None

    def prepare(self, problem: Problem) -> PreparedNumerical | PreparedReuse:
        """Choose steps near the problem's point; for reuse, record and compile the loss.

        Chosen steps follow parameters elsewhere: see `gradmethods.providers.steps.ChosenSteps`.

        Raises
        ------
        UnsupportedOperation
            If the loss is to be recorded or evaluated in complex arithmetic, and leaves the
            namespace `xp`.
        InvalidProblem
            If it is another function there than in plain NumPy.
        """
        watch = Stopwatch()
        team, graph = self._team(problem), None
        with watch("steps"):
            step = self._step_rule(problem, team)
            if self.scheme == COMPLEX_STEP:
                with suppress(NotDifferentiable):  # it may be called at other points
                    check_tried(problem, step)
                graph = check_same(problem)
        if self.evaluation == REUSE:
            from gradmethods.providers.reuse import compile_reuse

            return compile_reuse(problem, watch, self.scheme, step, team)
        prepared = PreparedNumerical(problem, watch.seconds, self.scheme, step, team)
        if self.scheme == COMPLEX_STEP and self.step is None:
            with watch("compile"), suppress(UnsupportedOperation):
                prepared.recorded = Imaginary(problem, graph)
        return prepared

    def _team(self, problem: Problem) -> Team | None:
        if self.executor is None and self.checkpoint is None:
            return None
        from gradmethods.providers.spreading import team_of

        return team_of(problem, self.executor, self.timeout, self.checkpoint)

    def _step_rule(self, problem: Problem, team: Team | None = None) -> StepRule:
        if self.step is not None:
            return FixedStep(float(self.step))
        if self.scheme == COMPLEX_STEP:
            return PrecisionStep(COMPLEX_STEP)
        return choose_steps(problem, self.scheme, team)


class PreparedNumerical(Parted):
    """A scheme and a rule for its steps, for one problem's loss and shapes.

    Attributes
    ----------
    step : callable
        Maps a flat vector of parameters to one step for each; a call may choose steps anew.
    preparation_passes : int
        Forward passes that the first choice of the steps took; for the complex step, the one that
        tries it.
    forward_passes : int or None
        What the last call took, with the passes that chose steps anew; before the first, what the
        scheme takes at least, and None for ``"richardson"``.
    error_estimate : numpy.ndarray or dict, or None
        The estimated absolute error of the last gradient: see `gradmethods.providers.estimates`.
        With a step that was given, it knows what the losses of the quotients show: of a one-sided
        scheme nothing, and it is None. Anywhere but at the problem's point, a one-sided scheme
        spends five passes more to see its error.
    unresolved : numpy.ndarray or dict, or None
        Where the error of the last gradient is not known at all: no step resolves the entry.
    mishaps : tuple of str
        What went wrong in workers or in a checkpoint, and was mended.
    """

    value_passes = 1

    def __init__(
        self,
        problem: Problem,
        preparation: dict[str, float],
        scheme: str,
        step: StepRule,
        team: Team | None = None,
    ) -> None:
        super().__init__(problem, preparation)
        self.team = team
        self.scheme = scheme
        self.step = self._first = step
        self.recorded: Imaginary | None = None
        self._answer: Answer | None = None
        self.preparation_passes = step.passes + (scheme == COMPLEX_STEP)
        self.forward_passes = None
        if scheme != RICHARDSON:
            offsets = 1 if scheme == COMPLEX_STEP else len(schemes.SCHEMES[scheme].offsets)
            self.forward_passes = offsets * problem.size

    def _evaluate(self, params: Arrays, data: Arrays) -> tuple[Any, Arrays]:
        structure = self.problem.structure
        point = structure.join(params)
        evaluate = over_reals(self.problem, point, data)
        with nullcontext() if self.team is None else self.team.working():
            value, seconds = schemes.timed(evaluate)
            if self.scheme == RICHARDSON:
                spread = self._spread(climbed_at, point, data, value, seconds)
                estimate = richardson(evaluate, value, point, self.step, spread)
            elif self.scheme == COMPLEX_STEP:
                spread = self._spread(slopes_at, point, data, value, seconds)
                at = self.problem, value, point, data
                estimate = complex_step(*at, self.step, seconds, self.recorded, spread)
            else:
                losses = schemes.one_by_one(evaluate, value, point)
                spreads = partial(self._spread, losses_at, point, data, value, seconds)
                place = Place(
                    point, data, evaluate, losses, seconds, spreads, self._answer, self._first
                )
                estimate, self.step, self._answer = remembered(
                    self.problem, self.scheme, self.step, place, self.team
                )
        self.forward_passes = estimate.passes
        self._errors = estimate.errors
        return estimate.value, structure.split(estimate.gradient)

    def _spread(
        self,
        function: Callable[..., Any],
        point: schemes.Vector,
        data: Arrays,
        value: float,
        seconds: float,
        name: str = "gradient",
    ) -> Spreading | None:
        work: Spreading | None = None
        if self.team is not None:
            work = self.team.at((self.scheme, name), function, point, data, value, seconds)
        return work

    def __getstate__(self) -> dict[str, Any]:
        # A pool of processes goes nowhere.
        return {**vars(self), "team": None, "_errors": self._estimated()}


def _positive(step: object) -> bool:
    real = isinstance(step, (int, float, np.floating)) and not isinstance(step, bool)
    return real and math.isfinite(step) and step > 0  # type: ignore[arg-type, operator]
