"""The computational graph as text: an evaluation trace, a table for machines, DOT for Graphviz."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods.engines.graph import Graph, Node
from gradmethods.engines.graph.names import Names, is_array, number
from gradmethods.engines.tape import Trace

if TYPE_CHECKING:
    import pandas as pd

_SHAPES = {
    "parameter": "shape=box, style=filled, fillcolor=wheat",
    "data": 'shape=box, style="filled,dashed", fillcolor=gray95',
    "constant": "shape=plaintext",
    "operation": "shape=box, style=rounded",
    "loss": "shape=box, style=filled, fillcolor=lightblue, penwidth=2",
}


def kind_of(graph: Graph, node: Node) -> str:
    """Say what a node is: ``parameter``, ``data``, ``operation`` or ``loss``."""
    if node in graph.params.values():
        return "parameter"
    if node in graph.data.values():
        return "data"
    return "loss" if node in graph.outputs else "operation"


def shape_text(shape: tuple[int, ...]) -> str:
    """Write a shape: ``(200 × 3)``."""
    return f"({' × '.join(map(str, shape))})"


def summary(array: Any, *, shape: bool = False) -> str:
    """Say in a few words what is in an array: a scalar in full, else least and greatest entry.

    Examples
    --------
    >>> (
    ...     summary(np.float64(-0.125)),
    ...     summary(np.array([0.25, 2.0])),
    ...     summary(np.zeros(3), shape=True),
    ... )
    ('−0.125', '0.25 … 2', '(3) all 0')
    >>> summary(np.array([np.nan, 1.0, 2.0]))
    '1 … 2, 1 NaN'
    """
    array = np.asarray(array)
    if not array.shape:
        return _short(array)
    start = f"{shape_text(array.shape)} " if shape else ""
    if not array.size:
        return f"{start}empty"
    missing = int(np.isnan(array).sum()) if array.dtype.kind == "f" else 0
    if missing == array.size:
        return f"{start}all NaN"
    known = array[~np.isnan(array)] if missing else array
    least, greatest = _short(known.min()), _short(known.max())
    if known.min() == known.max() and not missing:
        return f"{start}{'all ' if array.size > 1 else ''}{least}"
    return f"{start}{least} … {greatest}" + (f", {missing} NaN" if missing else "")


def _short(value: Any) -> str:
    value = np.asarray(value)
    return number(float(f"{value + 0.0:.3g}")) if value.dtype.kind == "f" else number(value)


def table(trace: Trace, *, values: bool = True, cotangents: bool = True) -> str:
    """Return the evaluation trace: a line per node, with shape, value and cotangent."""
    names = Names(trace.graph, trace.names)
    rows = [["node", "shape"] + ["value"] * values + ["cotangent"] * cotangents]
    for node in names.nodes:
        row = [names.line(node), shape_text(node.shape) if node.shape else "scalar"]
        if values:
            row.append(summary(trace.forward[node]))
        if cotangents:
            row.append(summary(trace.backward[node]) if node in trace.backward else "–")
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(f"{cell:{wide}}" for cell, wide in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def frame(trace: Trace) -> pd.DataFrame:
    """Return a row per node in full precision: the data behind the picture.

    Columns: node, kind, primitive, formula, operands (names with spaces between them), shape,
    dtype, and of value and cotangent the least and the greatest entry and the norm.
    """
    import pandas as pd

    names = Names(trace.graph, trace.names)
    rows = []
    for node in names.nodes:
        row: dict[str, Any] = {
            "node": names.of(node),
            "kind": kind_of(trace.graph, node),
            "primitive": node.primitive.name if node.primitive else "",
            "formula": names.formula(node),
            "operands": " ".join(names.of(x) for x in node.operands),
            "shape": " ".join(map(str, node.shape)),
            "dtype": str(node.dtype),
        }
        for what, arrays in (("value", trace.forward), ("cotangent", trace.backward)):
            array = np.asarray(arrays.get(node, np.nan), dtype=float)
            row |= {
                f"{what}_least": array.min(initial=np.inf) if array.size else np.nan,
                f"{what}_greatest": array.max(initial=-np.inf) if array.size else np.nan,
                f"{what}_norm": np.linalg.norm(array.ravel()),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def dot(trace: Trace, *, values: bool = True, cotangents: bool = True) -> str:
    """Return the graph in the DOT language, for Graphviz and other tools."""
    names = Names(trace.graph, trace.names)
    lines = ['  node [fontname="Helvetica", fontsize=10];', "  edge [arrowsize=0.6];"]
    lines += [
        f"  {_quoted(names.of(x))} [label={_quoted(names.of(x), summary(x, shape=True))}, "
        f"{_SHAPES['constant']}];"
        for x in names.constants
    ]
    for node in names.nodes:
        label = [names.line(node)]
        if values:
            label.append(summary(trace.forward[node], shape=True))
        elif node.shape:
            label.append(shape_text(node.shape))
        if cotangents and node in trace.backward:
            label.append(f"∂ {summary(trace.backward[node])}")
        own = _quoted(names.of(node))
        lines.append(f"  {own} [label={_quoted(*label)}, {_SHAPES[kind_of(trace.graph, node)]}];")
        lines += [
            f"  {_quoted(names.of(x))} -> {own};"
            for x in node.operands
            if isinstance(x, Node) or is_array(x)
        ]
    return "digraph {\n" + "\n".join(lines) + "\n}\n"


def _quoted(*lines: str) -> str:
    escaped = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'
