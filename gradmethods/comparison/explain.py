"""Why a loss or its gradient is NaN, infinite, or short of digits: operation by operation."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.comparison.explain_values import of_values
from gradmethods.comparison.finding import NOT_FINITE, Fault, Finding
from gradmethods.comparison.kinks import TIED, meeting, named, of_kinks, operands
from gradmethods.comparison.remedies import Case, remedy
from gradmethods.comparison.replay import ENTRIES, Replay, relative_errors, replay
from gradmethods.core.problem import Problem
from gradmethods.engines.certified import certified_gradient
from gradmethods.engines.certified.evaluate import UNITS
from gradmethods.engines.graph.graph import Node
from gradmethods.engines.graph.names import number
from gradmethods.errors import GradientError, NotDifferentiable
from gradmethods.output.terminal import Shown, fill
from gradmethods.providers import Backprop
from gradmethods.xp.primitives import Kind

if TYPE_CHECKING:
    import pandas as pd

ROUNDINGS = 100.0
"""Error of one operation with exact operands, in units in the last place, that is no finding."""
HARM = 1e3
"""Units in the last place of the loss or a gradient from which an operation is reported."""
MOST = 12
"""Number of operations, the worst first, whose effect on the outputs is computed."""
SECONDS = 5.0
"""Number of seconds that a certificate of the gradient may take."""

DIGITS = (5, 8, 12)
"""Numbers of digits in which values are written: more where fewer do not tell two apart."""

USES_CANCEL = "It adds up the slopes of several uses of a value, which cancel: rewrite them as one."
FROM_INFINITY = "That is 0 × ∞, ∞ − ∞ or ∞ / ∞; the infinity is told of, too."


@dataclass(frozen=True)
class Explanation(Shown):
    """Where a NaN, an infinity or a loss of digits arises in a loss and its backward pass.

    Attributes
    ----------
    problem : Problem
    value, exact : str
        The loss in its own precision, and with every number exact ("" if unknown).
    findings : tuple of Finding
        NaN and infinities first, then lost digits, each in the order of the two passes; or, if
        there are none, where branches meet that make backpropagation wrong.
    textbook : bool
        Whether the gradient is finite if every rule is followed as textbooks write it, as most
        packages do.
    backprop : float
        Digits of `gm.Backprop`'s gradient, against a certificate; NaN where there is none.
    kink : str
        Why the loss has no gradient at this point, or none that is decided, where, and what methods
        give; empty if it has one. Of a black box, how it was looked at.
    """

    problem: Problem = field(repr=False)
    value: str
    exact: str
    findings: tuple[Finding, ...]
    textbook: bool
    backprop: float
    kink: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def table(self) -> pd.DataFrame:
        """A row per finding."""
        import pandas as pd

        columns = ["fault", "pass", "operation", "place", "expression", "operands", "computed"]
        columns += ["exact", "remedy"]
        rows = [
            (
                str(x.fault),
                "backward" if x.backward else "forward",
                x.operation,
                str(x.place or ""),
                x.place.text if x.place else "",
                ", ".join(x.operands),
                x.computed,
                x.exact,
                x.remedy,
            )
            for x in self.findings
        ]
        return pd.DataFrame(rows, columns=columns)

    def __str__(self) -> str:
        name = repr(self.problem.name)
        exact = f", exactly {self.exact}" if self.exact not in ("", NOT_FINITE, self.value) else ""
        lines = [f"The loss {name} is {self.value} at this point{exact}."]
        if self.exact and all(x.fault is Fault.TIE for x in self.findings):
            lines.append("No operation makes a NaN or an infinity, and none loses digits.")
        elif not self.exact and not self.problem.black_box:
            lines.append(
                f"It has more than {ENTRIES:,} values, or decisions that are open: only NaN and "
                f"infinities were looked for{', and none was found' * self.ok}."
            )
        for k, finding in enumerate(self.findings, 1):
            lines.append(f"{k}. {finding}")
        lines += [self.kink] * bool(self.kink)
        if not math.isnan(self.backprop):
            beside = "" if self.textbook else ", where rules as textbooks write them give no number"
            lines.append(f"gm.Backprop() has {self.backprop:.1f} digits of the gradient{beside}.")
        return "\n".join(map(fill, lines))


def explain(problem: Problem) -> Explanation:
    """Find the operations of a loss that make a NaN or an infinity, or lose digits.

    The loss and its backward pass are replayed at the problem's point, operation by operation, in
    the loss's own precision and in ball arithmetic. The backward pass follows each rule as
    textbooks write it, as most packages do. An operation is told if a NaN or an infinity arises in
    it that reaches the loss or the gradient, or if its rounding alone, with all else exact, costs
    the loss or the gradient three digits or more. Where none is, branches that meet at the point
    are told if they make backpropagation wrong.

    Of a black box values are asked for, up to some hundreds: they tell which data and parameters
    make it NaN, beyond which values it has none, where it jumps, and how noisy it is.

    Parameters
    ----------
    problem : Problem
        Its parameters are the point.

    Raises
    ------
    UnsupportedOperation
        If the loss leaves the namespace `xp`, or a primitive has no vjp rule.

    Examples
    --------
    >>> import numpy as np
    >>> import gradmethods as gm
    >>> def softplus(x, *, xp=np):
    ...     return xp.log(1 + xp.exp(x))
    >>> found = gm.explain(gm.Problem(softplus, np.array(800.0)))
    >>> found.value, found.exact
    ('inf', '800')
    >>> found.findings[0].operation, found.findings[0].remedy
    ('xp.exp', 'Write xp.logaddexp(0, z) for xp.log(1 + xp.exp(z)).')
    """
    if problem.black_box:
        return Explanation(problem, *of_values(problem))
    played = replay(problem)
    unit = UNITS[str(problem.dtype)]
    found = [*_unbounded(played), *_losing(played, unit)]
    order = {node: k for k, node in enumerate(played.nodes)}
    findings: dict[Node, Finding] = {}  # of several in one operation the first
    for node, finding in sorted(found, key=lambda x: (x[1].fault is Fault.DIGITS, order[x[0]])):
        findings.setdefault(played.operation(node), finding)
    outputs = [played.computed[node] for node in played.outputs().values()]
    digits, tied, kink = _held_against_certificate(played, problem)
    if tied and not findings and digits < -math.log10(HARM * unit):
        findings = dict(_ties(played))
    return Explanation(
        problem,
        *_told(played, played.loss, ()),
        tuple(findings.values()),
        all(np.isfinite(x).all() for x in outputs[1:]),
        digits,
        kink,
    )


def _unbounded(played: Replay) -> Iterator[tuple[Node, Finding]]:
    """Find where NaN and infinities arise that reach the loss, else the gradient."""
    outputs = played.outputs()
    spoilt = {name: x for name, x in outputs.items() if not np.isfinite(played.computed[x]).all()}
    if "the loss" in spoilt:
        spoilt = {"the loss": spoilt["the loss"]}
    reaches: dict[tuple[Node, str], dict[str, float]] = {}
    for name, output in spoilt.items():
        for birth in _births(played, output):
            reaches.setdefault(birth, {})[name] = 0.0
    for (node, why), names in reaches.items():
        value = played.computed[node]
        fault = Fault.NAN if np.isnan(value).any() else Fault.INFINITY
        bad = np.isnan(value) if fault is Fault.NAN else np.isinf(value)
        yield node, _finding(played, node, fault, bad, names, why or None)


def _births(played: Replay, output: Node) -> Iterator[tuple[Node, str]]:
    """Walk back from an output that is NaN; yield where it arose, and the infinity behind it."""
    node = output
    if np.isnan(played.computed[node]).any():
        node = _first(played, node, np.isnan)
        infinite = [x for x in node.parents if np.isinf(played.computed[x]).any()]
        yield node, FROM_INFINITY if infinite else ""
        if not infinite:
            return
        node = infinite[0]
    yield _first(played, node, np.isinf), ""


def _first(played: Replay, node: Node, test: Callable[[Any], Any]) -> Node:
    while spoilt := [x for x in node.parents if test(played.computed[x]).any()]:
        node = spoilt[0]
    return node


def _losing(played: Replay, unit: float) -> Iterator[tuple[Node, Finding]]:
    """Find operations whose rounding alone costs the loss or the gradient digits."""
    suspects: list[tuple[float, Node, NDArray[Any], NDArray[np.float64]]] = []
    for node in played.nodes:
        of = played.operation(node)
        if node.primitive is None or node.primitive.kind is Kind.MOVE or node.dtype.kind != "f":
            continue
        if not all(np.isfinite(played.computed[x]).all() for x in of.parents):
            continue  # what overflowed before is told there
        balls, value = played.exact(node), None
        with suppress(GradientError):
            value = played.alone(node)
        if balls is None or value is None:
            continue
        errors = np.where(np.isfinite(value), relative_errors(value, balls), 0.0)
        worst = float(np.nanmax(errors, initial=0.0))
        if worst > ROUNDINGS * unit:
            suspects.append((worst, node, value, errors))
    suspects.sort(key=lambda suspect: -suspect[0])
    for _, node, value, errors in suspects[:MOST]:
        reaches = {
            name: max(0.0, -math.log10(error))
            for name, error in played.after(node, value).items()
            if error > HARM * unit
        }
        if reaches:
            bad = errors == np.nanmax(errors)
            yield node, _finding(played, node, Fault.DIGITS, bad, reaches)


def _ties(played: Replay) -> Iterator[tuple[Node, Finding]]:
    """Find where branches meet; what to do about it is said once."""
    for k, (node, tied) in enumerate(meeting(played)):
        yield node, _finding(played, node, Fault.TIE, tied, {}, "" if k else TIED)


def _finding(
    played: Replay,
    node: Node,
    fault: Fault,
    bad: NDArray[Any],
    reaches: dict[str, float],
    why: str | None = None,
) -> Finding:
    """Describe what was found at a node; the remedy is that of its operation unless `why` says."""
    of = played.operation(node)
    entry = tuple(int(k) for k in np.argwhere(bad)[0])
    total = node in played.sums
    if total:
        why = USES_CANCEL
    return Finding(
        fault,
        of is not node,
        f"what is computed from {named(of)}" if total else named(of),
        played.steps[of],
        played.places.get(of),
        entry,
        tuple(operands(played, of, entry if bad.shape == of.shape else ())),
        *_told(played, node, entry),
        reaches,
        remedy(Case(played, of, fault, of is not node)) if why is None else why,
    )


def _told(played: Replay, node: Node, entry: tuple[int, ...]) -> tuple[str, str]:
    """Write an entry as it was computed, and exactly, in as many digits as tell the two apart."""
    value, balls = played.computed[node][entry], played.exact(node)
    if balls is None:
        return number(value), ""
    if not balls[entry].is_finite():
        return number(value), NOT_FINITE
    middle = balls[entry].mid()
    exact = float(middle)
    if middle != 0 and not 0 < abs(exact) < math.inf:  # out of the range of float64
        return number(value), middle.str(5, radius=False).replace("-", "−")
    for digits in DIGITS:
        computed, right = (f"{x:.{digits}g}".replace("-", "−") for x in (value, exact))
        if computed != right:
            break
    return (computed, right) if computed != right else (number(value), number(exact))


def _held_against_certificate(played: Replay, problem: Problem) -> tuple[float, bool, str]:
    """Return the digits of backpropagation's worst array, and what the certificate says.

    The digits are relative to its largest entry, and NaN where there is no certificate. The others
    are whether branches meet here, and why there is no gradient.
    """
    try:
        truth = certified_gradient(problem, budget=SECONDS)
        found = Backprop().prepare(problem)(problem.params).gradient
    except NotDifferentiable as refusal:
        return math.nan, False, of_kinks(played, str(refusal))
    except GradientError:
        return math.nan, False, ""
    errors, unit = truth.error(found), UNITS[str(problem.dtype)]
    sizes = problem.structure.check(truth.gradient)
    worst = max(
        np.abs(errors[name]).max(initial=0.0) / (np.abs(sizes[name]).max(initial=0.0) or 1.0)
        for name in sizes
    )
    digits = max(0.0, -math.log10(max(worst, unit))) if math.isfinite(worst) else math.nan
    return digits, truth.choices is not None, ""
