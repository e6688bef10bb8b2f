"""Stages as straight-line code, in one function or, where it would be too long, in several.

Python's compiler holds a whole function in memory as a tree: at 100,000 parameters one function
took three times the memory of parts. Parts pass values on in lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradmethods.engines.symbolic.lines import FORMS, Inputs, Line, lines_of
from gradmethods.engines.symbolic.names import Names, Term
from gradmethods.engines.symbolic.program import Program, assemble, compiled, indented, row, wrapped

LONGEST = 8000
"""Operations in one function."""

RESERVED = ("params", "data", "N", "values", "results")
"""What the functions call their arguments."""


def write(
    names: Names, sums: list[list[Term]], inputs: Inputs, rule: str | None, form: str
) -> Program:
    """Write the stages that the loss and its partial derivatives need, and compile them.

    Parameters
    ----------
    names : Names
        The table.
    sums : list of list of Term
        The value, then a sum for each parameter.
    inputs : Inputs
        What the program takes, and what it calls its results.
    rule : {"mean", "sum"} or None
        What is returned of formulas of one example.
    form : {"expanded", "cse", "chain-rule"}
        Which stages have a line of their own.
    """
    lines = lines_of(names, sums, inputs, rule, FORMS[form](names, sums))
    layout = _whole if sum(map(_length, lines)) <= LONGEST else _split
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
    labels = {n: names.labels[n] for n in (*inputs.params, *inputs.data)}
    labels |= {line.name: line.label for line in lines if line.name is not None}
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
        body = [*_loads(labels, {n: homes[n] for n in used})]
        body += [f"{line.label} = {line.text}" for line in part]
        body += _stores("values", {homes[n][1]: labels[n] for n in own if n in homes})
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
        length += _length(line)
        if length >= LONGEST:
            yield part
            part, length = [], 0
    if part:
        yield part


def _length(line: Line) -> int:
    return max(line.operations, 1)


def _used(part: list[Line]) -> set[int]:
    return {n for line in part for n in line.uses}


def _passed(parts: list[list[Line]]) -> Iterator[int]:
    """Yield the names that a later part uses, in order."""
    where = {line.name: i for i, part in enumerate(parts) for line in part}
    later = {n for i, part in enumerate(parts) for n in _used(part) if where.get(n, i) < i}
    yield from sorted(later)


def _loads(labels: Mapping[int, str], homes: dict[int, tuple[str, int]]) -> Iterator[str]:
    for side in ("params", "data", "values"):
        places = {i: labels[n] for n, (home, i) in homes.items() if home == side}
        for start, run in _runs(places):
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
