"""Whether a loss is a mean, or a sum, over examples: the check in plain NumPy.

This check finds wrong declarations early and at other points than the given one. It cannot see a
term that couples examples and happens to vanish; `gradmethods.engines.examples` proves the rest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.core.declared import Declared
from gradmethods.core.structure import Arrays
from gradmethods.errors import InvalidProblem

Rows = NDArray[np.int64]
SUB_BATCH_SIZES = (2, 3, 5)


def check_examples(problem: Declared) -> None:
    """Refuse a problem whose loss is neither the mean nor the sum over its examples.

    The loss of a random sub-batch is compared with the losses of its single examples, and that of
    all examples with the losses of parts of them, at random points near the given one.

    Raises
    ------
    InvalidProblem
        If the names are not data, their leading axes differ, the loss cannot be evaluated on
        another batch size, or neither rule holds.
    """
    count = _count(problem)
    rng = np.random.default_rng(0)
    tolerance = 1e4 * float(np.finfo(problem.dtype).eps)
    possible = {"mean", "sum"}
    samples = [rng.integers(count, size=size) for size in SUB_BATCH_SIZES]
    for rows, parts in [(rows, _singly(rows)) for rows in samples] + [_doubling(count)]:
        arrays = {
            name: (array + 0.1 * (1 + abs(array)) * rng.standard_normal(array.shape)).astype(
                problem.dtype
            )
            for name, array in problem.structure.check(problem.params).items()
        }
        try:
            together = _loss_of(problem, arrays, rows)
            apart = np.array([_loss_of(problem, arrays, part) for part in parts])
        except InvalidProblem:
            own = problem.structure.check(problem.params)
            for part in (rows, *parts):  # at the user's own point it is a mistake, there a finding
                _loss_of(problem, own, part)
            continue
        if not (np.isfinite(together) and np.isfinite(apart).all()):
            continue
        shares = np.array([len(part) for part in parts]) / len(rows)
        scale = float(abs(apart).sum()) or 1.0
        for rule, combined in (("mean", (shares * apart).sum()), ("sum", apart.sum())):
            if abs(together - combined) > tolerance * scale:
                possible.discard(rule)
    if not possible:
        raise InvalidProblem(
            f"The loss {problem.name!r} is not a mean or a sum over the examples in "
            f"{list(problem.examples)}: the loss of a batch is not made of the losses of its "
            "parts. Leave `examples` out, or name only data whose leading axis counts "
            "independent examples."
        )


def _singly(rows: Rows) -> list[Rows]:
    return [rows[i : i + 1] for i in range(len(rows))]


def _doubling(count: int) -> tuple[Rows, list[Rows]]:
    """Return all examples, and the same in parts of 1, 1, 2, 4, … and what is left.

    A loss may change at a number of examples that no small sub-batch reaches.
    """
    rows = np.arange(count)
    cuts = [1 << k for k in range(count.bit_length()) if 1 << k < count]
    return rows, np.split(rows, cuts)


def _count(problem: Declared) -> int:
    counts = {}
    for name in problem.examples:
        if name not in problem.data:
            raise InvalidProblem(
                f"`examples` names {name!r}, but the data are named {list(problem.data)}."
            )
        if problem.data[name].ndim == 0:
            raise InvalidProblem(f"`examples` names {name!r}, a scalar without a leading axis.")
        counts[name] = len(problem.data[name])
    if len(set(counts.values())) > 1:
        raise InvalidProblem(f"The leading axes of `examples` differ in length: {counts}.")
    count = next(iter(counts.values()))
    if count == 0:
        raise InvalidProblem("`examples` counts no example: the leading axis is empty.")
    return count


def _loss_of(problem: Declared, arrays: Arrays, rows: Any) -> float:
    data = problem.data | {name: problem.data[name][rows] for name in problem.examples}
    try:
        with np.errstate(all="ignore"):
            return float(problem.loss(problem.structure.restore(arrays), **data, xp=np))
    except Exception as error:
        raise InvalidProblem(
            f"The loss {problem.name!r} cannot be evaluated on {len(rows)} of its examples "
            f"({error}). A loss over `examples` must accept any number of them."
        ) from error
