"""Names for the nodes of a graph, and what each one computes, as a textbook would write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradmethods.core.naming import brief
from gradmethods.core.structure import BARE
from gradmethods.engines.graph.graph import Graph, Node
from gradmethods.xp.primitives import Hole

LOSS = "L"

MOST_OPERANDS = 4
"""Operands that are written out; of more the last follows dots."""

_INFIX = {
    "add": "+", "subtract": "−", "multiply": "×", "divide": "/", "matmul": "@", "less": "<",
    "less_equal": "≤", "greater": ">", "greater_equal": "≥", "equal": "=", "not_equal": "≠",
    "logical_and": "and", "logical_or": "or", "logical_xor": "xor",
}  # fmt: skip

_AROUND = {
    "negative": "−{}", "square": "{}²", "sqrt": "√{}", "reciprocal": "1 / {}", "abs": "|{}|",
    "logical_not": "not {}", "sigmoid": "σ({})", "broadcast_to": "broadcast({})",
}  # fmt: skip

WRITTEN = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "pow": "**", "matmul": "@",
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==",
    "not_equal": "!=", "getitem": "an index", "negative": "-",
}  # fmt: skip
"""What users write for primitives that they hardly call by name."""

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


class Names:
    """Names of nodes: inputs have their own, values are v1, v2, … as evaluated, the loss is L.

    Parameters
    ----------
    graph : Graph
        Whose nodes to name.
    given : dict of Node to str, optional
        What values are called instead, if no input is called so.

    Attributes
    ----------
    nodes : list of Node
        All nodes, operands before their uses.
    constants : list
        The constant arrays among operands, each once; they are c1, c2, …. Numbers are none: they
        stand in formulas.

    Examples
    --------
    >>> from gradmethods import problems
    >>> from gradmethods.engines.graph import record
    >>> names = Names(record(problems.get("log-sum-exp")))
    >>> for node in names.nodes:
    ...     print(names.line(node))
    x
    v1 = max(x)
    v2 = x − v1
    v3 = exp(v2)
    v4 = Σ v3
    v5 = log(v4)
    L = v1 + v5
    """

    def __init__(self, graph: Graph, given: Mapping[Node, str] | None = None) -> None:
        self.nodes = graph.nodes()
        self.constants: list[Any] = []
        inputs: dict[Node, str] = {}
        taken: set[str] = set()
        for name, node in (*graph.params.items(), *graph.data.items()):
            shown = brief(name)
            while shown in taken:  # of parameter and data, or of two that begin alike
                shown += "′"
            inputs[node] = shown
            taken.add(shown)
        bare = next(name for name in ("x", "params", "x_params") if name not in taken)
        self._names = {node: bare if name == BARE else name for node, name in inputs.items()}
        taken.add(bare)
        own = _untaken(given or {}, taken)
        values, arrays = (_free(stems, taken) for stems in (("v", "u", "z"), ("c", "k")))
        count = 0
        self._constants: dict[int, str] = {}
        for node in self.nodes:
            if node.primitive is None:
                continue
            if node is graph.outputs[0] and LOSS not in taken:
                self._names[node] = LOSS
            elif node in own:
                self._names[node] = own[node]
            else:
                count += 1
                self._names[node] = f"{values}{count}"
            for operand in node.operands:
                if is_array(operand) and id(operand) not in self._constants:
                    self.constants.append(operand)
                    self._constants[id(operand)] = f"{arrays}{len(self.constants)}"

    def of(self, operand: Any) -> str:
        """Return the name of a node or of a constant array; a number as it is."""
        if isinstance(operand, Node):
            return self._names[operand]
        return self._constants.get(id(operand)) or number(operand)

    def line(self, node: Node) -> str:
        """Return ``name = formula``, of an input its name alone."""
        return (
            self.of(node) if node.primitive is None else f"{self.of(node)} = {self.formula(node)}"
        )

    def formula(self, node: Node) -> str:
        """Write what a node computes from the names of its operands; of an input nothing."""
        if node.primitive is None:
            return ""
        name, operands = node.primitive.name, [self._operand(x) for x in node.operands]
        if name in _INFIX:
            return f" {_INFIX[name]} ".join(operands)
        if name in _AROUND:
            return _AROUND[name].format(*operands)
        if name in _SPECIAL:
            return _SPECIAL[name](operands, node)
        return f"{name}({_listed(operands)})"

    def _operand(self, operand: Any) -> str:
        text = self.of(operand)
        return f"({text})" if text.startswith("−") else text


def written(node: Node) -> str:
    """Return what a user writes for the primitive of a node: ``xp.log``, or ``+``."""
    if node.primitive is None:
        return node.name
    name = node.primitive.name
    return WRITTEN.get(name, f"xp.{name}")


def is_array(operand: Any) -> bool:
    """Say whether an operand is a constant array; arrays of shape () count as numbers."""
    return isinstance(operand, np.ndarray) and operand.ndim > 0


def number(value: Any) -> str:
    """Write a number in at most five digits, with a true minus sign.

    Examples
    --------
    >>> number(2), number(-0.5), number(np.float64(1e-5)), number(True)
    ('2', '−0.5', '1e−05', 'true')
    """
    value = np.asarray(value).item()
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        f"{value:.5g}".replace("-", "−")
        if isinstance(value, float)
        else f"{value}".replace("-", "−")
    )


def _untaken(given: Mapping[Node, str], taken: set[str]) -> dict[Node, str]:
    """Return those names that nothing has, and take them."""
    own: dict[Node, str] = {}
    for node, name in given.items():
        short = brief(name)
        if short not in {*taken, LOSS}:
            own[node] = short
            taken.add(short)
    return own


def _free(stems: Sequence[str], taken: set[str]) -> str:
    """Choose a stem such that no input, nor an entry of one, has a name like those to be given."""
    for stem in stems:
        if not any(re.fullmatch(rf"{stem}(_?\d+)?", name) for name in taken):
            return stem
    return f"{stems[0]}_"


def _listed(operands: Sequence[str]) -> str:
    if len(operands) > MOST_OPERANDS:
        operands = [*operands[: MOST_OPERANDS - 1], "…", operands[-1]]
    return ", ".join(operands)


def _reduction(sign: str) -> Callable[[list[str], Node], str]:
    def text(operands: list[str], node: Node) -> str:
        axis = node.static["axis"]
        if len(axis) == len(np.shape(node.operands[0])):
            return f"Σ {operands[0]}" if sign == "Σ" else f"{sign}({operands[0]})"
        along = ", ".join(map(str, axis))
        return f"{'sum' if sign == 'Σ' else sign}({operands[0]}, axis {along})"

    return text


def _power(operands: list[str], node: Node) -> str:
    exponent = node.operands[1]
    if isinstance(exponent, (int, float)) and float(exponent).is_integer():
        return f"{operands[0]}{str(int(exponent)).translate(_RAISED)}"
    return f"{operands[0]} ^ {operands[1]}"


def _transposed(operands: list[str], node: Node) -> str:
    axes = tuple(node.static["axes"])
    if axes == tuple(reversed(range(len(axes)))):
        return f"{operands[0]}ᵀ"
    return f"permute({operands[0]}, {axes})"


def _indexed(operands: list[str], node: Node) -> str:
    parts = node.static["index"]
    return f"{operands[0]}[{', '.join(_part(part, operands) for part in parts)}]"


def _part(part: Any, operands: list[str]) -> str:
    if isinstance(part, Hole):
        return operands[1 + part.position]
    if isinstance(part, slice):
        ends = ["" if end is None else number(end) for end in (part.start, part.stop)]
        return ":".join([*ends, *([] if part.step in (None, 1) else [number(part.step)])])
    return "…" if part is Ellipsis else "new" if part is None else number(part)


_SPECIAL: dict[str, Callable[[list[str], Node], str]] = {
    "pow": _power,
    "sum": _reduction("Σ"),
    "max": _reduction("max"),
    "min": _reduction("min"),
    "permute_dims": _transposed,
    "getitem": _indexed,
    "astype": lambda operands, node: f"{node.dtype}({operands[0]})",
    "cumulative_sum": lambda operands, node: f"cumsum({operands[0]}, axis {node.static['axis']})",
}  # fmt: skip
