"""What values alone tell of a black box: where it has none, where it jumps, how noisy it is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gradmethods.comparison.finding import Fault, Finding
from gradmethods.core.problem import Problem
from gradmethods.core.tracebacks import in_words
from gradmethods.engines.graph.names import number
from gradmethods.providers.choice import Chooser
from gradmethods.providers.noise import RoundOff
from gradmethods.providers.probe import Probe, sizes_of
from gradmethods.truth.jumps import jump_near
from gradmethods.truth.stretch import Line, Vector
from gradmethods.truth.verdict import place

LOOKED = 4
"""Parameters along which values are looked at."""

AWAY = (1e-6, 1e-3, 0.25)
"""How far, in sizes of a parameter."""

HALVINGS = 30
"""How often the way to where there is no value is halved."""

NOISY = 1e3
"""Noise in units of the last place of a loss from which it is told of."""

SINGLE = (1e-8, 1e-6)
"""Noise ÷ loss of what is computed in float32."""

MATTERS = 1e-9
"""Smallest jump ÷ loss that is looked for."""

PARTS = 64
"""Parts of all parameters of which one is taken out of those that make a loss NaN, at most."""

NAMED = 3
"""Parameters that are named before the rest is counted."""

Found = tuple[str, str, tuple[Finding, ...], bool, float, str]


def of_values(problem: Problem) -> Found:
    """Return the fields of an explanation of a loss of which values alone are known."""
    with np.errstate(all="ignore"):
        probe = Probe(problem)
        size = probe.point.size
        some = np.unique(np.linspace(0, size - 1, min(size, LOOKED)).astype(int)).tolist()
        if math.isfinite(probe.value):
            round_off, sizes = Chooser(probe).round_off, sizes_of(probe.point)
            findings = [*_noise(problem, abs(probe.value), round_off)]
            for line in (Line(probe, i, float(sizes[i])) for i in some):
                findings += _without_value(problem, line)
                findings += _jump(problem, line, round_off.noise)
        else:
            findings = [*_data(problem), *_culprits(problem, probe)]
    beside = "beside it" if len(some) == size else f"along {len(some)} of its {size:,} parameters"
    told = (
        "Its values alone are known, so that no operation is named: it was called "
        f"{probe.passes:,} times, at the point and "
        f"{beside if math.isfinite(probe.value) else 'with other parameters'}."
    )
    return number(probe.value), "", tuple(findings), True, math.nan, told


def _name(problem: Problem, i: int) -> str:
    """Name an entry of the flat parameters."""
    for name, shape in problem.structure.shapes.items():
        size = math.prod(shape)
        if i < size:
            index = tuple(int(k) for k in np.unravel_index(i, shape)) if shape else ()
            return f"{name or 'params'}{place(index) if index else ''}"
        i -= size
    raise IndexError(i)


def _told(fault: Fault, computed: str, operands: tuple[str, ...], spoils: str, say: str) -> Finding:
    reaches = {spoils: 0.0} if spoils else {}
    return Finding(
        fault,
        backward=False,
        operation="the loss",
        step=0,
        place=None,
        entry=(),
        operands=operands,
        computed=computed,
        exact="",
        reaches=reaches,
        remedy=say,
    )


def _data(problem: Problem) -> Iterator[Finding]:
    """Find data that are no numbers."""
    for name, array in problem.data.items():
        bad = ~np.isfinite(array) if array.dtype.kind == "f" else np.zeros(array.shape, bool)
        if bad.any():
            entry = tuple(np.argwhere(bad)[0].tolist())
            fault = Fault.NAN if np.isnan(array[entry]) else Fault.INFINITY
            more = f"It is one of {bad.sum():,} such entries." if bad.sum() > 1 else ""
            found = _told(fault, number(array[entry]), (), "the loss", more)
            yield replace(found, operation=f"the data {name!r}", entry=entry)


def _culprits(problem: Problem, probe: Probe) -> Iterator[Finding]:
    """Find the fewest parameters that make a loss NaN: with others in their place it is not."""
    x = probe.point.copy()
    fault = Fault.NAN if math.isnan(probe.value) else Fault.INFINITY
    for to in (np.ones_like(x), np.zeros_like(x), -x, x / 2, 2 * x):
        if math.isfinite(probe.moved(slice(None), to)):
            break
    else:
        say = "So it is with all parameters 0 or 1, of the other sign, halved and doubled."
        these = ("these and other parameters",)
        yield _told(fault, number(probe.value), these, "the loss", say)
        return
    places = _fewest(probe, to)
    value, few = probe.moved(places, to[places]), places[:NAMED].tolist()
    operands = [f"{_name(problem, i)} = {number(x[i])}" for i in few]
    if places.size > len(few):
        operands.append(f"{places.size - len(few):,} more")
    instead = " and ".join(dict.fromkeys(number(to[i]) for i in few))
    say = f"With {instead} instead, and all else as it is, it is {number(value)}."
    yield _told(fault, number(probe.value), tuple(operands), "the loss", say)


def _fewest(probe: Probe, to: Vector) -> NDArray[np.intp]:
    """Return the fewest parameters that are found to need another value: what can stay, stays."""
    places, parts = np.arange(to.size), 2
    while places.size > 1:
        for part in np.array_split(places, parts):
            rest = np.setdiff1d(places, part)
            if math.isfinite(probe.moved(rest, to[rest])):
                places, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts == min(places.size, PARTS):
                break
            parts = min(2 * parts, places.size, PARTS)
    return places


def _noise(problem: Problem, size: float, round_off: RoundOff) -> Iterator[Finding]:
    """Tell how noisy a loss is, if that leaves it fewer digits than its numbers have."""
    if problem.repeats and not round_off.noise > NOISY * round_off.unit * size:
        return
    left = max(0.0, -math.log10(round_off.noise / size)) if size and round_off.noise else 0.0
    say = f"That leaves some {left:.0f} digits of it."
    if not problem.repeats:
        say += " Two calls at one point differ: a fixed seed would give it more."
    elif SINGLE[0] < round_off.noise / size < SINGLE[1]:
        say += " Is it computed in float32?"
    yield _told(Fault.NOISE, f"{round_off.noise:.0e}".replace("-", "−"), (), "", say)


def _without_value(problem: Problem, line: Line) -> Iterator[Finding]:
    """Find from where on a loss has no value as one parameter moves."""
    x, name = float(line.probe.point[line.place]), _name(problem, line.place)
    for side in (-1, 1):
        for away in AWAY:
            t = side * away
            if not line.allows(t) or math.isfinite(line.loss(t)):
                continue
            inside, outside = 0.0, t
            for _ in range(HALVINGS):
                middle = (inside + outside) / 2
                if math.isfinite(line.loss(middle)):
                    inside = middle
                else:
                    outside = middle
            there = x + outside * line.size
            what, fault = _at(problem, line.place, there)
            beyond = "below" if side < 0 else "above"
            say = (
                f"So it is {beyond} {number(x + inside * line.size)}: with bounds= of gm.Problem, "
                "differences do not go there."
            )
            yield _told(fault, what, (f"{name} = {number(there)}",), "differences", say)
            break


def _at(problem: Problem, i: int, there: float) -> tuple[str, Fault]:
    """Say what a loss gives where it gives no number."""
    point = problem.flat_params
    point[i] = there
    try:
        value = float(problem.value(problem.unflatten(point)))
    except Exception as error:  # noqa: BLE001  # a loss may raise anything
        return in_words(error), Fault.NAN
    return number(value), Fault.INFINITY if math.isinf(value) else Fault.NAN


def _jump(problem: Problem, line: Line, noise: float) -> Iterator[Finding]:
    """Find where a loss jumps as one parameter moves."""
    size, t = jump_near(line, AWAY[-1], noise, MATTERS * abs(line.probe.value))
    if size:
        x = float(line.probe.point[line.place]) + t * line.size
        say = "Differences across it are wrong; a solver that takes a step more or less does so."
        where = f"{_name(problem, line.place)} = {number(x)}"
        yield _told(Fault.JUMP, f"{size:.0e}".replace("-", "−"), (where,), "", say)
