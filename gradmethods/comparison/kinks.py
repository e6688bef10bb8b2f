"""The operations of a loss at which branches meet, so that derivatives may be one-sided."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.comparison.replay import Replay
from gradmethods.engines.graph.graph import Node
from gradmethods.engines.graph.names import number, written
from gradmethods.xp.primitives import Kind, of_kind

TIED = (
    "The gradient exists all the same, but what follows single operations takes one branch here, "
    "or the mean of two: write xp.maximum(z, 0) for xp.where(z > 0, z, 0), which takes the mean as "
    "xp.abs does, or move the parameters."
)

CONVENTION = (
    "Derivatives may be one-sided there. gm.Backprop(), gm.Forward() and formulas take the mean of "
    "both sides at xp.abs, maximum, minimum, max and min, and at xp.where the branch that its "
    "condition takes; central differences take the mean, forward and backward ones one side. Each "
    "is a choice: gm.compare says which are valid subgradients."
)
"""What methods do where branches meet: see `gradmethods.xp.primitives`."""

PAIRS = ("abs", "maximum", "minimum", *of_kind(Kind.COMPARISON))
EXTREMES = ("max", "min")
ELEMENTWISE = (Kind.SMOOTH, Kind.CHOICE, Kind.STEP, Kind.COMPARISON)


def meeting(played: Replay) -> Iterator[tuple[Node, NDArray[Any]]]:
    """Find where values that vary are equal, of which one is the larger beside the point."""
    varying = set(played.inputs)
    for node in (x for x in played.steps if not varying.isdisjoint(x.parents)):
        varying.add(node)
        name = node.primitive.name if node.primitive else ""
        if name not in PAIRS + EXTREMES:
            continue
        x, *rest = (played.computed[x] if isinstance(x, Node) else x for x in node.operands)
        if name in PAIRS:
            tied = np.broadcast_to(np.equal(x, *rest or (0,)), node.shape)
        else:
            axis = node.static["axis"]
            ends = np.expand_dims(played.computed[node].reshape(np.max(x, axis).shape), axis)
            tied = np.reshape(np.sum(x == ends, axis) > 1, node.shape)
        if tied.any():
            yield node, tied


def of_kinks(played: Replay, refusal: str) -> str:
    """Say at which operations branches meet, and why no gradient is certified."""
    if not np.isfinite(played.computed[played.loss]).all():
        return ""
    told = []
    for node, tied in meeting(played):
        place, entry = played.places.get(node), tuple(np.argwhere(tied)[0].tolist())
        of = " and ".join(operands(played, node, entry))
        at = f" [{place}: {place.text}]" if place else ""
        told.append(f"Branches meet in {named(node)} of {of}{at}.")
    if told:
        told.append(CONVENTION)
    return " ".join([*told, f"By the certificate: {refusal}"])


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
