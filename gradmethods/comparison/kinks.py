"""The operations of a loss at which branches meet, so that derivatives are one-sided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from gradmethods.comparison.replay import Replay
from gradmethods.engines.graph.graph import Node
from gradmethods.engines.graph.names import number, written
from gradmethods.xp.primitives import Kind

NEAR, SLANTED = 1e-12, 1e-2
"""An operation is at a kink if its value changes alike, by the second part at least, when operands
are moved by the first part of themselves to one side and to the other."""

EPS = float(np.finfo(float).eps)

CONVENTION = (
    "There gm.Backprop(), gm.Forward() and formulas take the mean of the slopes to both sides, as "
    "central differences do; forward and backward differences take one side's. Each is a choice: "
    "gm.compare says which are valid subgradients."
)
"""What methods do where branches tie: see `gradmethods.xp.primitives`."""

ROUNDINGS = 100.0
"""Error of one operation, in units in the last place, that is no change.
"""

ELEMENTWISE = (Kind.SMOOTH, Kind.CHOICE, Kind.STEP)


def of_kinks(played: Replay, refusal: str) -> str:
    """Say at which operations derivatives are one-sided, and why no gradient is certified."""
    if not np.isfinite(played.computed[played.loss]).all():
        return ""
    told = [
        f"{named(node)} of {' and '.join(operands(played, node, entry))} is at a kink, where "
        f"derivatives are one-sided{f' [{place}: {place.text}]' if place else ''}."
        for node, entry in _kinks(played)
        for place in [played.places.get(node)]
    ]
    return " ".join([*told, *[CONVENTION] * bool(told), f"By the certificate: {refusal}"])


def _kinks(played: Replay) -> Iterator[tuple[Node, tuple[int, ...]]]:
    """Find operations of the loss whose values change alike to both sides, and at which entry."""
    rng, moving = np.random.default_rng(0), set(played.inputs)
    for node in played.steps:
        if node.primitive is None or moving.isdisjoint(node.parents):
            continue
        moving.add(node)
        if node.dtype.kind != "f":
            continue
        values, moves = [], []
        for x in node.operands:
            value = np.asarray(played.computed[x] if isinstance(x, Node) else x)
            value = value.astype(float) if value.dtype.kind == "f" else value
            size = np.where(value == 0, 1, abs(value)) * NEAR if x in moving else 0
            values.append(value)
            moves.append((size * rng.uniform(1, 2, value.shape)).astype(value.dtype))
        with np.errstate(all="ignore"):
            here, above, below = (
                np.asarray(
                    node.primitive.numpy(
                        *(x + side * d for x, d in zip(values, moves, strict=True)), **node.static
                    )
                )
                for side in (0, 1, -1)
            )
            even = abs((above - here) + (below - here))
        moved = max(float(abs(d).max(initial=0.0)) for d in moves)
        at = np.argwhere(even > np.maximum(SLANTED * moved, ROUNDINGS * EPS * abs(here)))
        if len(at):
            yield node, tuple(at[0].tolist())


def named(node: Node) -> str:
    """Name an operation as a user writes it; an input by its name."""
    if node.primitive is None:
        return f"the input {node.name}" if node.name else "the parameters"
    return written(node)


def operands(played: Replay, node: Node, entry: Sequence[int]) -> Iterator[str]:
    """Write the operands at an entry of the result; of functions of whole arrays, their range."""
    if node.primitive is None:
        return
    for x in node.operands:
        value = np.asarray(played.computed[x] if isinstance(x, Node) else x)
        if node.primitive.kind in ELEMENTWISE and len(entry) == len(node.shape):
            yield number(np.broadcast_to(value, node.shape)[tuple(entry)])
        elif value.size == 1:
            yield number(value.reshape(()))
        elif value.size:
            yield f"{number(value.min())} … {number(value.max())}"
