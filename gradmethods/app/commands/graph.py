"""Show the graph that backprop records."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gradmethods.app.arguments import add_problem, new
from gradmethods.errors import InvalidOption

PLACE = 130


def add(commands: Any) -> None:
    """Add the sub-command."""
    command = new(
        commands,
        "graph",
        "show the computational graph that backprop records",
        "gradmethods graph network-1-1-1 --values --cotangents --left-to-right --out graph.svg\n"
        "  gradmethods graph path/to/file.py:problem --dot | dot -Tpdf -o graph.pdf",
    )
    add_problem(command)
    command.add_argument("--out", type=Path, help="draw to this SVG, PDF or PNG; write text there")
    command.add_argument("--values", action="store_true", help="show values after the forward pass")
    command.add_argument(
        "--cotangents", action="store_true", help="show cotangents after the backward pass"
    )
    command.add_argument(
        "--recognise",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="show what backprop recognises, σ say, as one node (default: yes; not with --explain)",
    )
    command.add_argument(
        "--explain",
        action="store_true",
        help="number operations that make a NaN or an infinity, or lose digits",
    )
    command.add_argument(
        "--left-to-right", action="store_true", help="draw the loss at the right, not on top"
    )
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
    command.set_defaults(run=run, form="")


def run(options: argparse.Namespace) -> int:
    """Run the command; return the exit status."""
    from gradmethods.app.locate import find_problem
    from gradmethods.output.figures import check_format
    from gradmethods.output.files import check_target, csv_text, write_text
    from gradmethods.report.show import graph

    out: Path | None = options.out
    if options.explain and (options.recognise or options.form or out is None):
        raise InvalidOption(
            "What explains NaN and lost digits is drawn into a picture, at the operations as the "
            "loss has them: give --out, and neither --recognise, --dot nor --data; or use "
            "gradmethods explain."
        )
    if out is not None:
        check_target(out)
        if not options.form:
            check_format(out)
    problem = find_problem(options.problem, options.size)
    found = graph(
        problem,
        values=options.values,
        cotangents=options.cotangents,
        recognised=options.recognise is not False,
        shared=None if options.shared is None else [*filter(None, options.shared.split(","))],
        explain=options.explain,
        layout=options.layout,
        left_to_right=options.left_to_right,
    )
    if out is not None and not options.form:
        found.save(out)
    else:
        forms = {"dot": lambda: found.dot, "data": lambda: csv_text(found.frame())}
        text = forms.get(options.form, lambda: str(found))()
        if out is None:
            print(text, end="")
        else:
            write_text(out, text)
    if out is not None:
        print(f"The graph of {problem.name} is in {out}.")
    return 0
