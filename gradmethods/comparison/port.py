"""Rewrite a NumPy loss over `xp`: find every place that must change, in one run."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass
from pathlib import Path

from gradmethods.comparison.port_reader import Function, Reader
from gradmethods.comparison.port_rules import Place
from gradmethods.errors import InvalidProblem, UnknownName
from gradmethods.output.terminal import fill


@dataclass(frozen=True)
class Port:
    """The places of a loss that must change before it runs over `xp`.

    Attributes
    ----------
    file : pathlib.Path
    name : str
        Of the function.
    source : str
        Of the file, as it is.
    places : tuple of Place
        In the order of the file.
    """

    file: Path
    name: str
    source: str
    places: tuple[Place, ...]

    @property
    def by_hand(self) -> tuple[Place, ...]:
        """The places that no edit mends."""
        return tuple(place for place in self.places if not place.edits)

    @property
    def ported(self) -> str:
        """The source with all edits made."""
        lines = [line.encode() for line in self.source.splitlines(keepends=True)]
        edits = [edit for place in self.places for edit in place.edits]
        # From the end, so that columns stay; at one column the outer edit comes first in the text.
        order = sorted(enumerate(edits), key=lambda x: (x[1].line, x[1].start, x[0]), reverse=True)
        for _, edit in order:
            line = lines[edit.line - 1]
            lines[edit.line - 1] = line[: edit.start] + edit.text.encode() + line[edit.stop :]
        return b"".join(lines).decode()

    @property
    def diff(self) -> str:
        """The edits as a unified diff."""
        before, after = (x.splitlines(keepends=True) for x in (self.source, self.ported))
        return "".join(difflib.unified_diff(before, after, str(self.file), str(self.file)))

    def __str__(self) -> str:
        if not self.places:
            return f"{self.name} in {self.file} is written over xp: nothing is in the way."
        lines = [
            fill(f"{self.file}:{place.line}:{place.column}: {place.text} → {place.instead}")
            for place in self.places
        ]
        many, hand = len(self.places), len(self.by_hand)
        lines.append(
            f"{many} places, {many - hand} that --diff rewrites, {hand} to be done by hand."
        )
        return "\n".join(lines)


def port(file: Path, name: str) -> Port:
    """Find all places of a loss that `xp` does not take, and what to write instead.

    The source is read and not run. What depends on the arguments of the loss is followed through
    assignments, loops and the functions of the same file that it calls; what is of constants and
    shapes alone may stay NumPy's.

    Parameters
    ----------
    file : pathlib.Path
    name : str
        Of the loss in it, or of a problem that is made of it: ``problem = gm.Problem(loss, …)``.

    Raises
    ------
    UnknownName
        If the file has no such function.
    InvalidProblem
        If it is no Python.
    """
    if not file.is_file():
        raise UnknownName(f"There is no file {str(file)!r}.")
    source = file.read_text()
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise InvalidProblem(f"{file} is no Python: {error.msg} in line {error.lineno}.") from None
    functions = _functions(tree)
    found = functions.get(_loss_of(tree, name))
    if found is None:
        raise UnknownName.among(f"function in {file}", name, functions)
    names, lines = _imported(tree), source.splitlines()
    readers: dict[str, Reader] = {}
    waiting = [found]
    while waiting:
        function = waiting.pop()
        if function.name not in readers:
            readers[function.name] = Reader(function, names, functions, lines)
            waiting += [called for called, _ in readers[function.name].calls]
    ordered = sorted(_all_places(readers, found), key=lambda place: (place.line, place.column))
    return Port(file, found.name, source, tuple(ordered))


def _functions(tree: ast.Module) -> dict[str, Function]:
    """Return the functions of a file by name, those without a statement included."""
    found = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    made = ast.parse(f"def {target.id}(): pass").body[0]
                    assert isinstance(made, Function)
                    made.args, made.body = node.value.args, [ast.Return(node.value.body)]
                    found[target.id] = ast.copy_location(made, node)
    return found


def _all_places(readers: dict[str, Reader], loss: Function) -> set[Place]:
    """Collect the places of all functions; `xp` goes to those alone that need it, or hand it on."""
    need = {name for name, each in readers.items() if each.takes_xp or each.places} | {loss.name}
    while more := {
        name
        for name, each in readers.items()
        if name not in need and any(called.name in need for called, _ in each.calls)
    }:
        need |= more
    places: set[Place] = set()
    for name, each in readers.items():
        places.update(each.places)
        places.update(place for called, place in each.calls if place and called.name in need)
        if name in need and not each.takes_xp:
            places.add(each.signature())
    return places


def _loss_of(tree: ast.Module, name: str) -> str:
    """Return the name of the loss of a problem, or the name itself."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
            continue
        named = any(isinstance(x, ast.Name) and x.id == name for x in node.targets)
        first = next(iter(node.value.args), None)
        if named and isinstance(first, ast.Name):
            return first.id
    return name


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return what names of the file stand for: ``{"np": "numpy", "exp": "numpy.exp"}``."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                whole = name.name if name.asname else name.name.partition(".")[0]
                found[name.asname or whole] = whole
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for name in node.names:
                found[name.asname or name.name] = f"{node.module}.{name.name}"
    return found
