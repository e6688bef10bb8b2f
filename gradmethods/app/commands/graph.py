"""Show the graph that backprop records."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_problem, new

SHOWN = (
    ("--values", "values", "show values after the forward pass"),
    ("--cotangents", "cotangents", "show cotangents after the backward pass"),
    ("--recognise", "recognised", "show what backprop recognises, σ say, as one node"),
    (
        "--explain",
        "findings",
        "number operations that make a NaN or an infinity, or lose digits",
    ),
)
"""Options of the command: what they add to the graph, and their help."""

PLACE = 130


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "graph",
        "show the computational graph that backprop records",
        "gradmethods graph network-1-1-1 --recognise --values --cotangents --out graph.svg\n"
        "  gradmethods graph path/to/file.py:problem --dot | dot -Tpdf -o graph.pdf",
    )
    add_problem(command)
    command.add_argument("--out", type=Path, help="draw to this SVG, PDF or PNG; write text there")
    for option, shown, what in SHOWN:
        command.add_argument(option, action="append_const", const=shown, dest="shown", help=what)
    command.add_argument(
        "--shared",
        help="two or more parameters with commas between them: mark the factors that they share",
    )
    command.add_argument(
        "--layout",
        choices=("auto", "own", "graphviz"),
        default="auto",
        help="who places the nodes; auto is graphviz where it is installed (default: %(default)s)",
    )
    form = command.add_mutually_exclusive_group()
    form.add_argument("--dot", action="store_const", const="dot", dest="form", help="as DOT text")
    form.add_argument(
        "--data", action="store_const", const="data", dest="form", help="as CSV, a row per node"
    )
    command.set_defaults(run=run, form="", shown=[])


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.locate import find_problem
    from gradmethods.report.show import show_graph

    shared = None if options.shared is None else tuple(filter(None, options.shared.split(",")))
    problem = find_problem(options.problem, options.size)
    text = show_graph(
        problem,
        options.out,
        form=options.form,
        shown=options.shown,
        shared=shared,
        layout=options.layout,
    )
    print(text, end="")
    if options.out is not None:
        print(f"The graph of {problem.name} is in {options.out}.")
    return 0
