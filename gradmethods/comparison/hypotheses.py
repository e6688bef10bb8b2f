"""Hypotheses about a wrong array: each yields a sentence if it explains the error.

They mirror the catalogue of planted mistakes: each of those must be recognised by one of these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gradmethods.comparison.evidence import EXPLAINED, FEW, Suspect
from gradmethods.core.distance import norm
from gradmethods.truth.verdict import Index, place

FACTOR = 1e-6
"""Relative distance up to which a factor counts as one of the meaningful ones (−1, 2, N, …), where
the truth is known as well as that; never more than `EXPLAINED`."""

LITTLE = 1e-4
"""Relative error below which a difference is written: two numbers would look the same."""


def _not_finite(suspect: Suspect) -> Iterator[str]:
    bad = list(map(tuple, np.argwhere(~np.isfinite(suspect.given)).tolist()))
    if bad:
        word = "NaN" if np.isnan(suspect.given).any() else "infinite"
        yield word if len(bad) == suspect.given.size else f"{word} at {_places(bad)}"


def _not_finite_along(suspect: Suspect) -> Iterator[str]:
    if not np.isfinite(suspect.given).all():
        yield "NaN or infinity in it"


def _zero(suspect: Suspect) -> Iterator[str]:
    if not suspect.given.any() and suspect.given.size:
        yield "zero, as if never computed"


def _few_entries(suspect: Suspect) -> Iterator[str]:
    """Name the only wrong entry, or two or three among many that are right."""
    wrong, n = suspect.entries, suspect.given.size
    if not (len(wrong) == 1 < n or (1 < len(wrong) <= FEW and n >= 4 * len(wrong))):
        return
    found = ", ".join(f"{place(index)} {single(suspect, index)}" for index in wrong)
    word = "one entry is wrong" if len(wrong) == 1 else f"{len(wrong)} entries are wrong"
    last = tuple(length - 1 for length in suspect.given.shape)
    forgotten = wrong[0] == last and float(suspect.given[last]) == 0
    yield f"{word}: {found}" + (" (the last one: is it never reached?)" if forgotten else "")


def single(suspect: Suspect, index: Index) -> str:
    """Describe one wrong entry: its value, the right one, and how the two are related."""
    given, true = float(suspect.given[index]), float(suspect.true[index])
    is_right = f"is {given:.6g} where {true:.6g} is right"
    if true == 0 or given == 0:
        return is_right
    named = _named(given / true, suspect) or _whole(given / true, suspect)
    if named:
        return f"{is_right}: {named}"
    off = float(abs(suspect.evidence.error[suspect.name][index])) / abs(true)
    if off < LITTLE:
        return f"is off by {off:.1e} of {true:.6g}"
    return f"{is_right}: off by {off:.1e} of it" if off < 0.1 else is_right


def _known_factor(suspect: Suspect) -> Iterator[str]:
    factor = _factor(suspect)
    named = _named(factor, suspect)
    if named and suspect.fits(factor * suspect.true):
        yield named


def _other_factor(suspect: Suspect) -> Iterator[str]:
    factor = _factor(suspect)
    if abs(factor - 1) > EXPLAINED and suspect.fits(factor * suspect.true):
        # Of a single entry every number is a multiple: another array must have the same factor.
        several, whole = suspect.true.size > 1, _whole(factor, suspect)
        others = (Suspect(name, suspect.evidence) for name in suspect.evidence.true)
        if whole and not several:
            yield whole
        elif several or any(
            _near(_factor(other), factor, suspect)
            for other in others
            if other.name != suspect.name and other.entries
        ):
            yield f"{factor:.6g} times the right one, in every entry"


def _factor(suspect: Suspect) -> float:
    """Return the factor by which the truth is best multiplied, NaN if the truth is 0."""
    size = norm(suspect.true)
    return float((suspect.given / size).ravel() @ (suspect.true / size).ravel())


def _near(factor: float, value: float, suspect: Suspect) -> bool:
    """Whether a factor is a meaningful one, as well as the truth is known."""
    return abs(factor / value - 1) <= max(FACTOR, min(suspect.blur, EXPLAINED))


def _named(factor: float, suspect: Suspect) -> str:
    count = suspect.evidence.count
    meanings = {-1.0: "the sign is wrong", 2.0: "twice the right one", 0.5: "half the right one"}
    if count > 2:
        meanings[float(count)] = f"{count} times the right one: the 1/N of the mean is missing"
        meanings[1 / count] = f"1/{count} of the right one: divided by N once too often"
    meanings |= {-k: f"{text}, and the sign" for k, text in meanings.items() if k > 0}
    for value, text in meanings.items():
        if math.isfinite(factor) and _near(factor, value, suspect):
            return text
    return ""


def _whole(factor: float, suspect: Suspect) -> str:
    """Say that a number is a whole multiple of the right one: it is so by no accident."""
    times = round(factor) if math.isfinite(factor) else 0
    near = times not in {0, 1} and _near(factor, times, suspect)
    return f"{times} times the right one" if near else ""


def _transposed(suspect: Suspect) -> Iterator[str]:
    shape = suspect.true.shape
    if len(shape) > 1 and suspect.fits(suspect.true.T.reshape(shape)):
        yield "transposed"


def _swapped(suspect: Suspect) -> Iterator[str]:
    for other, true in suspect.evidence.true.items():
        if other != suspect.name and true.shape == suspect.true.shape and suspect.fits(true):
            yield f"holds the gradient of {other!r}: arrays swapped"


def _reordered(suspect: Suspect) -> Iterator[str]:
    true, given = suspect.true.ravel(), suspect.given.ravel()
    shape = suspect.true.shape
    if true.size < 2:
        return
    if suspect.fits(true[::-1].reshape(shape)):
        yield "its entries are in reverse order"
    for by in (1, -1):
        if suspect.fits(np.roll(true, by).reshape(shape)):
            yield f"its entries are shifted by one place ({by:+d})"
    order = np.empty(true.size, int)
    order[np.argsort(given, kind="stable")] = np.argsort(true, kind="stable")
    if suspect.fits(true[order].reshape(shape)):
        yield "the right entries in a wrong order"


def _examples(suspect: Suspect) -> Iterator[str]:
    for word, arrays in suspect.evidence.of_examples.items():
        one = arrays[suspect.name]
        if suspect.fits(one):
            yield f"that of the {word} example alone: not summed over examples"
        if suspect.fits(suspect.true - one):
            yield f"the {word} example is missing from the sum"


def _slopes(suspect: Suspect) -> Iterator[str]:
    wrong = suspect.evidence.slopes.get(suspect.name)
    if wrong is not None and suspect.fits(np.asarray(wrong, float)):
        yield "the slope σ′ of hidden units is taken at the activation a = σ(z), not at z"


UNEXPLAINED = 0.1
"""Part of an error that a hypothesis may leave unexplained."""


def _penalty(suspect: Suspect) -> Iterator[str]:
    point = suspect.evidence.problem.structure.check(suspect.evidence.problem.params)
    x = np.asarray(point[suspect.name], float)
    size = norm(x)
    if size == 0 or x.size < 2:
        return
    factor = float(((suspect.given - suspect.true) / size).ravel() @ (x / size).ravel())
    error = suspect.given - suspect.true
    explained = norm(error - factor * x) <= UNEXPLAINED * norm(error)
    if factor and explained and suspect.fits(suspect.true + factor * x):
        word = "too large" if factor > 0 else "too small"
        # How large the factor should be, the gradient alone does not say.
        why = "counted twice" if factor > 0 else "missing"
        yield (
            f"{word} by {abs(factor):.6g} times the parameters: the term of a penalty (weight "
            f"decay) has a wrong factor, or is {why}"
        )


def _precision(suspect: Suspect) -> Iterator[str]:
    size = norm(suspect.true)
    relative = norm(suspect.given - suspect.true) / size if size else math.inf
    single_is_less = suspect.evidence.problem.dtype != np.float32
    kind, u = ("single", 2.0**-24) if single_is_less else ("half", 2.0**-11)
    coarse = np.float32 if single_is_less else np.float16
    if np.array_equal(suspect.given, suspect.true.astype(coarse)):
        yield f"rounded to {kind} precision"
    elif u / 30 <= relative <= 30 * u and _most(suspect):
        yield f"right to a few digits, as if computed in {kind} precision or by differences"
    elif relative <= LITTLE and _most(suspect) and suspect.true.size > 1:
        yield "right to a few digits, as by differences of losses, or through a cancellation"


def _most(suspect: Suspect) -> bool:
    return len(suspect.entries) > suspect.true.size / 2


def _part(suspect: Suspect) -> Iterator[str]:
    """Name the row or column that all wrong entries lie in."""
    wrong = np.array(suspect.entries)
    if suspect.true.ndim < 2 or len(wrong) < 2:
        return
    for axis, word in ((0, "row"), (1, "column")):
        lines = set(wrong[:, axis].tolist())
        if len(lines) == 1 < suspect.true.shape[axis]:
            yield f"wrong in {word} {lines.pop()} alone ({len(wrong)} entries)"


def _places(entries: Sequence[Index]) -> str:
    shown = ", ".join(map(place, entries[:FEW]))
    return shown if len(entries) <= FEW else f"{shown} and {len(entries) - FEW} more"


Hypothesis = Callable[[Suspect], Iterator[str]]

HYPOTHESES: tuple[Hypothesis, ...] = (
    _not_finite,
    _zero,
    _few_entries,
    _known_factor,
    _transposed,
    _swapped,
    _reordered,
    _examples,
    _slopes,
    _other_factor,
    _penalty,
    _precision,
    _part,
)
"""Every hypothesis, in the order in which they are tried."""

ALONG: tuple[Hypothesis, ...] = (_not_finite_along, _zero, _known_factor, _other_factor)
"""The hypotheses that hold along directions as well as entry by entry."""
