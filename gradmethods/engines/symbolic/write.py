"""Stages as straight-line code, in one function or, where it would be too long, in several.

Python's compiler holds a whole function in memory as a tree: at 100,000 parameters one function
took three times the memory of parts. Parts pass values on in lists.
"""

from __future__ import annotations

from collections.abc import Iterator

from gradmethods.engines.symbolic.lines import Inputs, Line, lines_of
from gradmethods.engines.symbolic.names import Atom, Names, Term
from gradmethods.engines.symbolic.program import Program, assemble, compiled, indented, row, wrapped

LONGEST = 4000
"""Terms in one function."""

RESERVED = ("params", "data", "N", "values", "results")
"""What the functions call their arguments."""


def write(
    names: Names, loss: Atom, partials: list[list[Term]], inputs: Inputs, rule: str | None
) -> Program:
    """Write the stages that the loss and its partial derivatives need, and compile them.

    Parameters
    ----------
    names : Names
        The table.
    loss : Atom
        The value.
    partials : list of list of Term
        A sum for each parameter.
    inputs : Inputs
        What the program takes, and what it calls its results.
    rule : {"mean", "sum"} or None
        What is returned of formulas of one example.
    """
    lines = lines_of(names, [[names.term_of(loss)], *partials], inputs, rule)
    layout = _whole if sum(len(line.terms) for line in lines) <= LONGEST else _split
    return layout(names, lines, inputs, sum(line.operations for line in lines), counts=bool(rule))


def _whole(
    names: Names, lines: list[Line], inputs: Inputs, operations: int, *, counts: bool
) -> Program:
    taken = [[names.labels[n] for n in side] for side in (inputs.params, inputs.data)]
    value, *partials = inputs.results
    texts = [f"{line.label} = {line.text}" for line in lines]
    return assemble(texts, taken, f"{value}, {row(partials)}", operations, counts=counts)


def _split(
    names: Names, lines: list[Line], inputs: Inputs, operations: int, *, counts: bool
) -> Program:
    """Write functions that find what they need in lists, and leave there what others need."""
    parts = list(_parts(lines))
    homes = {n: ("params", i) for i, n in enumerate(inputs.params)}
    homes |= {n: ("data", i) for i, n in enumerate(inputs.data)}
    passed = list(_passed(parts))
    homes |= {n: ("values", i) for i, n in enumerate(passed)}
    arguments = ", ".join(RESERVED if counts else [a for a in RESERVED if a != "N"])
    sources = []
    done = 0
    for number, part in enumerate(parts):
        own = [line.name for line in part if line.name is not None]
        used = _used(part).difference(own) & homes.keys()
        body = [*_loads(names, {n: homes[n] for n in used})]
        body += [f"{line.label} = {line.text}" for line in part]
        body += _stores("values", {homes[n][1]: names.labels[n] for n in own if n in homes})
        results = [line.label for line in part if line.name is None]
        body += _stores("results", dict(enumerate(results, done)))
        done += len(results)
        sources.append(f"def part{number}({arguments}):\n{indented(body)}\n")
    body = [f"values = [None] * {len(passed)}", f"results = [None] * {done}"]
    body += [f"part{number}({arguments})" for number in range(len(parts))]
    body.append("return results[0], results[1:]")
    sources.append(f"def program(params, data{', N' if counts else ''}):\n{indented(body)}\n")
    return compiled(sources, operations)


def _parts(lines: list[Line]) -> Iterator[list[Line]]:
    part: list[Line] = []
    length = 0
    for line in lines:
        part.append(line)
        length += max(len(line.terms), 1)
        if length >= LONGEST:
            yield part
            part, length = [], 0
    if part:
        yield part


def _used(part: list[Line]) -> set[int]:
    return {n for line in part for _, used in line.terms for n in used}


def _passed(parts: list[list[Line]]) -> Iterator[int]:
    """Yield the names that a later part uses, in order."""
    where = {line.name: i for i, part in enumerate(parts) for line in part}
    later = {n for i, part in enumerate(parts) for n in _used(part) if where.get(n, i) < i}
    yield from sorted(later)


def _loads(names: Names, homes: dict[int, tuple[str, int]]) -> Iterator[str]:
    for side in ("params", "data", "values"):
        labels = {i: names.labels[n] for n, (home, i) in homes.items() if home == side}
        for start, run in _runs(labels):
            if len(run) == 1:
                yield f"{run[0]} = {side}[{start}]"
            else:
                yield f"{wrapped(row(run))} = {side}[{start}:{start + len(run)}]"


def _stores(side: str, labels: dict[int, str]) -> Iterator[str]:
    for start, run in _runs(labels):
        yield f"{side}[{start}:{start + len(run)}] = {wrapped(row(run))}"


def _runs(labels: dict[int, str]) -> Iterator[tuple[int, list[str]]]:
    """Yield stretches of neighbouring places, with where each begins."""
    run: list[str] = []
    start = -1
    for i in sorted(labels):
        if i != start + len(run):
            if run:
                yield start, run
            start, run = i, []
        run.append(labels[i])
    if run:
        yield start, run
