"""The layout of Graphviz, where its program `dot` is installed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from gradmethods.errors import UnsupportedOperation
from gradmethods.output.layout.layers import GAP, Edge, Layout, Point

INCH = 72.0
"""Points. Graphviz gives lengths in inches."""


def available() -> bool:
    """Say whether there is a program `dot` on the path."""
    return shutil.which("dot") is not None


def graphviz(sizes: Sequence[Point], edges: Sequence[Edge], *, rise: float = 20.0) -> Layout:
    """Lay out a graph by Graphviz: parameters as of `layered`, lengths in points.

    Raises
    ------
    UnsupportedOperation
        If there is no `dot`, or it fails.
    """
    program = shutil.which("dot")
    if program is None:
        raise UnsupportedOperation(
            "Graphviz is not installed: there is no program 'dot' on the path. Install it, or take "
            "the suite's own layout."
        )
    run = subprocess.run(  # noqa: S603  # numbers only go in
        [program, "-Tplain"],
        input=_source(sizes, edges, rise),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if run.returncode:
        raise UnsupportedOperation(f"Graphviz failed: {run.stderr.strip() or run.returncode}.")
    return _read(run.stdout, len(sizes), edges)


def _source(sizes: Sequence[Point], edges: Sequence[Edge], rise: float) -> str:
    lines = [
        f"nodesep={GAP / INCH:.4f}; ranksep={rise / INCH:.4f}; node [shape=box, fixedsize=true];"
    ]
    lines += [
        f"{i} [width={width / INCH:.4f}, height={height / INCH:.4f}];"
        for i, (width, height) in enumerate(sizes)
    ]
    # Graphviz need not keep room for its arrow: ours ends where the edge does.
    lines += [f"{tail} -> {head} [arrowhead=none];" for tail, head in edges]
    return "digraph {{\n{}\n}}\n".format("\n".join(lines))


def _read(text: str, count: int, edges: Sequence[Edge]) -> Layout:
    """Read the format `plain`: a line each for the graph, the nodes and the edges."""
    width = height = 0.0
    centres: list[Point] = [(0.0, 0.0)] * count
    curves: dict[Edge, list[tuple[Point, ...]]] = {}
    for line in text.splitlines():
        kind, *fields = line.split()
        if kind == "graph":
            width, height = (INCH * float(field) for field in fields[1:3])
        elif kind == "node":
            centres[int(fields[0])] = INCH * float(fields[1]), INCH * float(fields[2])
        elif kind == "edge":
            tail, head, points = (int(field) for field in fields[:3])
            numbers = [INCH * float(field) for field in fields[3 : 3 + 2 * points]]
            curve = tuple(zip(numbers[::2], numbers[1::2], strict=True))
            curves.setdefault((tail, head), []).append(curve)
    return Layout(width, height, tuple(centres), tuple(curves[edge].pop(0) for edge in edges))
