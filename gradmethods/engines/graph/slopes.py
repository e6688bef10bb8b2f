"""Which slopes may be infinite or undefined, found from a graph before anything runs.

A branch that nothing selects may hold an infinity or NaN, or stand where a slope is infinite, and
the loss is as smooth as ever. What derivative rules multiply there has to be kept apart from
numbers, at a cost; this module finds the few places where it can matter. Parameters are taken to
be finite, and so are sums and products of finite numbers. Data are finite unless they are named.

A value is *exposed* if the loss could not be finite without it: no selection and no bounded
function, such as exp at −∞, stands between. An exposed value counts as finite, because where it is
not there is no gradient to spoil.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gradmethods.engines.graph.graph import Graph, Node
from gradmethods.engines.graph.signs import signs
from gradmethods.engines.graph.tips import tips
from gradmethods.xp.primitives import Behaviour, having

STEEP = having(Behaviour.STEEP)
POLES = having(Behaviour.POLE)
UNBOUNDED = having(Behaviour.UNBOUNDED)
OVERFLOWING = having(Behaviour.OVERFLOWING)
PASSING = having(Behaviour.PASSING)
EXPOSING = having(Behaviour.EXPOSING)
SELECTING = having(Behaviour.SELECTING)

HANDING = PASSING | SELECTING | {"multiply", "divide"}
"""Primitives whose result may be tiny where an operand is."""

VANISHING = frozenset({
    "where", "multiply", "divide", "negative", "reshape", "permute_dims", "broadcast_to", "getitem",
})  # fmt: skip
"""Primitives that are followed to find values that are 0 whatever the parameters are."""


def unbounded(data: Mapping[str, NDArray[Any]]) -> frozenset[str]:
    """Return the names of arrays that hold an infinity or NaN."""
    return frozenset(name for name, x in data.items() if not np.isfinite(x).all())


class Slopes:
    """The knowledge of a graph's slopes that holds wherever it is evaluated.

    Parameters
    ----------
    graph : Graph
        With the loss as its first output.
    unbounded : collection of str
        Names of data that hold infinities or NaN.

    Attributes
    ----------
    active : set of Node
        Floating-point values that depend on a parameter; a sum of no entries does not.
    risky : set of Node
        Those at or below which a slope may be infinite or undefined.
    sharp : set of Node
        Those above which one may be: their cotangents need not be finite.
    guarded : set of Node
        Those at or below which entries without effect may get something else than 0.
    hidden : set of Node
        Those that may overflow where the loss is finite.
    tips : set of Node
        Roots without a slope at 0, whose slopes beside it are bounded.
    parting : dict of Node to numpy.ndarray of bool
        Differences of which some entries are of one value from itself, and which are not.
    vanishing : dict of Node to None
        Those that can be 0 whatever the parameters are, say because a mask is; in order.
    """

    def __init__(self, graph: Graph, unbounded: Collection[str] = ()) -> None:
        self._nodes = graph.nodes()
        self._exposed = _exposed(graph, self._nodes)
        self.hidden = {
            node for node in self._nodes if _name(node) in OVERFLOWING and node not in self._exposed
        }
        self._never_negative, self._above_zero = signs(self._nodes)
        self._tiny = _limited_by_tiny(self._nodes)
        self.tips = tips(self._nodes)
        steep = any(_name(node) in STEEP for node in self._nodes)
        masks = ((node, parting(node)) for node in self._nodes if steep)
        self.parting = {node: mask for node, mask in masks if mask is not None}
        self.active = set(graph.params.values())
        for node in self._nodes:
            if node.dtype.kind == "f" and any(map(self._varies, node.parents)):
                self.active.add(node)
        inputs = {node for name, node in graph.data.items() if name not in unbounded}
        self._inputs = inputs.union(graph.params.values())
        self.vanishing = self._find_vanishing()
        # Sigmoids that are spelt out overflow where they are 0. Behind a branch that is guarded
        # against; that data are 0 there, or that it is above a selection, is left alone: other
        # terms would be spoilt too, and networks are full of it.
        self._finite = self._find_finite(UNBOUNDED - OVERFLOWING)
        self.risky, self.sharp = self._find_risky(), self._find_sharp()
        self._risky_data = self.risky
        if any(_name(node) in OVERFLOWING for node in self._nodes):
            self._finite = self._find_finite(UNBOUNDED)
            self.risky = self._find_risky()
        self.guarded: set[Node] = set()
        for node in self._nodes:
            if node not in self.active:
                continue
            active = [i for i, x in enumerate(node.operands) if self._depends(x)]
            below = any(node.operands[i] in self.guarded for i in active)
            if below or any(self.is_unsafe(node, i) for i in active):
                self.guarded.add(node)

    def is_finite(self, operand: Any) -> bool:
        """Say whether a value is finite at all finite inputs at which the loss is."""
        if isinstance(operand, Node):
            return operand in self._finite
        return bool(np.isfinite(operand).all())

    def are_finite(self, node: Node) -> bool:
        """Say whether the slopes of a node are finite at all finite inputs at which the loss is."""
        name = _name(node)
        return not name or name in PASSING or (node in self._finite and self._is_gentle(node))

    def selects(self, node: Node, position: int) -> bool:
        """Say whether entries of an operand can be without effect on a node, and it matters.

        Besides selections these are factors that depend on no parameter: where such a factor is 0,
        the product is constant.
        """
        name, operand = _name(node), node.operands[position]
        if name in SELECTING or node in self.parting:
            return operand in self.risky or node in self.sharp
        factor = {"multiply": 1 - position, "matmul": 1 - position, "divide": 0, "pow": 1}.get(name)
        if factor is None or factor == position:
            return False
        other = node.operands[factor]
        if not self._may_vanish(other, self.vanishing):
            return False
        risky = self.risky if _is_condition(other) else self._risky_data
        return operand in risky or node in self.sharp

    def is_unsafe(self, node: Node, position: int) -> bool:
        """Say whether entries of an operand without effect may get something else than 0."""
        passing = _name(node) in PASSING and node not in self.parting
        sharp = node in self.sharp and not passing
        return not self.are_finite(node) or (sharp and self.selects(node, position))

    def traps(self) -> bool:
        """Say whether a slope that may be infinite can meet entries without effect."""
        partly: dict[Node, bool] = {}
        for node in reversed(self._nodes):
            for position, operand in enumerate(node.operands):
                if node in self.active and self._depends(operand):
                    own = self.selects(node, position)
                    some = own or partly.get(node, False)
                    if (own and node in self.sharp) or (some and self.is_unsafe(node, position)):
                        return True
                    partly[operand] = some and partly.get(operand, True)
        return False

    def _is_gentle(self, node: Node) -> bool:
        """Say whether the slopes of a primitive are finite wherever its value is."""
        name = _name(node)
        if name in POLES and _is_in(node.operands[0 if name == "pow" else -1], self._tiny):
            return False
        if name not in STEEP:
            return True
        above = [isinstance(x, Node) and x in self._above_zero for x in node.operands]
        if (name in ("sqrt", "pow") and above[0]) or (name == "hypot" and any(above)):
            return True
        return _power(node) in ("flat", "growing")

    def _is_off_pole(self, node: Node) -> bool:
        """Say whether a primitive that has poles keeps away from them."""
        name, operand = _name(node), node.operands[-1 if _name(node) == "divide" else 0]
        if not isinstance(operand, Node):
            return name == "divide" and bool(np.all(operand))
        if name == "log1p":
            return operand in self._never_negative
        if name in ("divide", "reciprocal", "log", "log2", "log10", "sqrt", "pow"):
            return operand in self._above_zero or _power(node) == "flat"
        return False

    def _find_vanishing(self) -> dict[Node, None]:
        found: dict[Node, None] = {}
        for node in self._nodes:
            name, operands = _name(node), node.operands
            if node in self.active and name in VANISHING:
                deciding = {"where": operands[1:], "multiply": operands}.get(name, operands[:1])
                if any(self._may_vanish(x, found) for x in deciding):
                    found[node] = None
        return found

    def _varies(self, x: Node) -> bool:
        """Say whether a value passes on what it depends on: one without entries does not."""
        return x in self.active and 0 not in x.shape

    def _depends(self, x: Any) -> bool:
        return isinstance(x, Node) and x in self.active

    def _may_vanish(self, x: Any, vanishing: Collection[Node]) -> bool:
        """Say whether a factor can be 0 whatever the parameters are."""
        if isinstance(x, Node):
            return x in vanishing or x not in self.active
        return not np.all(x)

    def _find_finite(self, unbounded: Collection[str]) -> set[Node]:
        found = set(self._inputs)
        for node in self._nodes:
            if node.primitive is None:
                continue
            operands = node.operands
            harmless = _name(node) not in unbounded or self._is_off_pole(node)
            finite = all(
                x in found if isinstance(x, Node) else np.isfinite(x).all() for x in operands
            )
            if node.dtype.kind != "f" or node in self._exposed or (harmless and finite):
                found.add(node)
        return found

    def _find_risky(self) -> set[Node]:
        found: set[Node] = set()
        for node in self._nodes:
            if node in self.active and node.primitive is not None:
                below = any(x in found for x in node.parents)
                if below or not self.are_finite(node):
                    found.add(node)
        return found

    def _find_sharp(self) -> set[Node]:
        found: set[Node] = set()
        for node in reversed(self._nodes):
            if node in self.active and (node in found or not self.are_finite(node)):
                found.update(x for x in node.parents if x in self.active)
        return found


def _is_in(x: Any, found: Collection[Node]) -> bool:
    return isinstance(x, Node) and x in found


def _limited_by_tiny(nodes: Sequence[Node]) -> set[Node]:
    """Return what may be a number so small that slopes at it overflow, which a selection sets."""
    found: set[Node] = set()
    for node in nodes:
        sets = _name(node) in SELECTING or _name(node) == "concat"
        if (sets and any(_is_tiny(x, node.dtype) for x in node.operands)) or (
            _name(node) in HANDING and not found.isdisjoint(node.parents)
        ):
            found.add(node)
    return found


def _is_tiny(x: Any, dtype: np.dtype[Any]) -> bool:
    if isinstance(x, (Node, bool)) or dtype.kind != "f":
        return False
    size = np.abs(np.asarray(x, float))
    return bool(np.any((size > 0) & (size <= float(np.finfo(dtype).smallest_normal) ** 0.5)))


def _name(node: Node) -> str:
    return "" if node.primitive is None else node.primitive.name


def _is_condition(x: Any) -> bool:
    """Say whether a factor is true or false, or 1 or 0 for it."""
    if not isinstance(x, Node):
        return isinstance(x, (bool, np.ndarray)) and np.asarray(x).dtype.kind == "b"
    return x.dtype.kind == "b" or (_name(x) == "astype" and x.operands[0].dtype.kind == "b")


def _power(node: Node) -> str:
    """Tell powers apart by their exponent: some are products, some steep at 0, some grow."""
    exponent = node.operands[1] if _name(node) == "pow" else None
    if not isinstance(exponent, (int, float)):
        return ""
    if exponent in (0, 1, 2):
        return "flat"
    return "" if 0 < exponent < 1 or math.isnan(exponent) else "growing"


def _exposed(graph: Graph, nodes: Sequence[Node]) -> set[Node]:
    exposed = {x for x in graph.outputs[:1] if isinstance(x, Node)}
    for node in reversed(nodes):
        if node in exposed:
            name = _name(node)
            if name in EXPOSING:
                exposed.update(node.parents)
            elif name in ("divide", "quotient", "normalised") and isinstance(
                node.operands[0], Node
            ):
                exposed.add(node.operands[0])
    return exposed


# -- differences of a value from itself, as on the diagonal of a matrix of distances

MOVES = frozenset({"reshape", "permute_dims", "broadcast_to", "getitem"})


def parting(node: Node) -> NDArray[np.bool_] | None:
    """Return which entries of a difference are of two values; None if all are."""
    if node.primitive is None or node.primitive.name != "subtract":
        return None
    one, other = node.operands
    if not (isinstance(one, Node) and _origin(one) is _origin(other)):
        return None
    found: NDArray[np.bool_] = np.not_equal(_places(one), _places(other))
    return None if found.all() else found


def _origin(x: Any) -> Any:
    """Return the value of which `x` holds entries that are known before it is evaluated."""
    while isinstance(x, Node) and x.primitive is not None and x.primitive.name in MOVES:
        if any(isinstance(index, Node) for index in x.operands[1:]):
            break
        x = x.operands[0]
    return x


def _places(x: Node) -> NDArray[np.intp]:
    """Return the places in its origin of the entries of a value."""
    if _origin(x) is x:
        return np.arange(np.prod(x.shape, dtype=int)).reshape(x.shape)
    assert x.primitive is not None
    moved: NDArray[np.intp] = x.primitive.numpy(_places(x.operands[0]), *x.operands[1:], **x.static)
    return moved
