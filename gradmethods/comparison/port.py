"""Rewrite a NumPy loss over `xp`: find every place that must change, in one run."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gradmethods.comparison import port_rules as rules
from gradmethods.comparison.port_rules import Edit, Place
from gradmethods.errors import InvalidProblem, UnknownName
from gradmethods.output.terminal import fill

Function = ast.FunctionDef


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
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, Function)}
    found = functions.get(_loss_of(tree, name))
    if found is None:
        raise UnknownName.among(f"function in {file}", name, functions)
    names = _imported(tree)
    lines = source.splitlines()
    places: list[Place] = []
    seen: set[str] = set()
    waiting = [found]
    while waiting:
        function = waiting.pop()
        if function.name in seen:
            continue
        seen.add(function.name)
        reader = _Reader(function, names, functions, lines, is_loss=function is found)
        places += reader.places
        waiting += reader.called
    ordered = sorted(dict.fromkeys(places), key=lambda place: (place.line, place.column))
    return Port(file, found.name, source, tuple(ordered))


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


class _Reader(ast.NodeVisitor):
    """Read a function: note what depends on its arguments, and where `xp` is needed."""

    def __init__(
        self,
        function: Function,
        names: dict[str, str],
        functions: dict[str, Function],
        lines: list[str],
        *,
        is_loss: bool,
    ) -> None:
        self.places: list[Place] = []
        self.called: list[Function] = []
        self._names, self._functions, self._lines = names, functions, lines
        self._function = function
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        self._varying = {x.arg for x in arguments} - {"xp", "self"}
        for _ in range(2):  # what a loop assigns at its end varies at its start
            self.places.clear()
            self.called.clear()
            for statement in function.body:
                self.visit(statement)
        if "xp" not in {x.arg for x in arguments} and (self.places or is_loss):
            self.places.insert(0, self._signature())

    # -- what varies

    def varies(self, node: ast.AST) -> bool:
        """Say whether an expression depends on an argument by more than its shape."""
        if isinstance(node, ast.Name):
            return node.id in self._varying
        if isinstance(node, ast.Attribute) and node.attr in rules.WITHOUT_VALUES:
            return False
        if isinstance(node, ast.Call) and self._full(node.func) in rules.SHAPES:
            return False
        if isinstance(node, (ast.Lambda, ast.FunctionDef)):
            return False
        return any(self.varies(child) for child in ast.iter_child_nodes(node))

    def _full(self, node: ast.expr) -> str:
        """Return the dotted name of a function, "" if it is no name: ``numpy.linalg.norm``."""
        if isinstance(node, ast.Name):
            return "" if node.id in self._varying else self._names.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            before = self._full(node.value)
            return f"{before}.{node.attr}" if before else ""
        return ""

    def _binds(self, target: ast.AST) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                self._varying.add(node.id)

    # -- statements

    def visit_Assign(self, node: ast.Assign) -> None:
        """Note what is assigned, and writes into arrays."""
        self._assigned(node, node.targets, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Note what is assigned."""
        if node.value is not None:
            self._assigned(node, [node.target], node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Note what is assigned within an expression."""
        self._assigned(node, [node.target], node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """Note what is added to."""
        self._assigned(node, [node.target], node.value)

    def _assigned(self, node: ast.AST, targets: list[ast.expr], value: ast.expr) -> None:
        self.visit(value)
        for target in targets:
            entries = isinstance(target, ast.Subscript)
            if entries and (self.varies(value) or self.varies(target)):
                self._note(node, rules.WRITTEN)
            if self.varies(value):
                self._binds(target.value if isinstance(target, ast.Subscript) else target)

    def visit_For(self, node: ast.For) -> None:
        """Note what a loop runs over."""
        self.visit(node.iter)
        if self.varies(node.iter):
            self._binds(node.target)
        for statement in (*node.body, *node.orelse):
            self.visit(statement)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """Note what a comprehension runs over."""
        if self.varies(node.iter):
            self._binds(node.target)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        """Read the loops of a comprehension before its element."""
        self._comprehended(node.generators, node.elt)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """Read the loops of a comprehension before its element."""
        self._comprehended(node.generators, node.elt)

    def _comprehended(self, generators: list[ast.comprehension], element: ast.expr) -> None:
        for generator in generators:
            self.visit(generator)
        self.visit(element)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """Take the arguments of a function without a name to vary."""
        self._varying |= {x.arg for x in node.args.args}
        self.visit(node.body)

    # -- choices by value

    def visit_If(self, node: ast.If) -> None:
        """Note branches on values."""
        self._branch(node.test, "xp.where(condition, a, b), with both branches computed")
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        """Note loops that end by values."""
        self._branch(node.test, "a loop over a number of steps that is known, and xp.where")
        self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        """Note choices by values."""
        self._branch(node.test, "xp.where(condition, a, b) for a if condition else b")
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        """Note what is asserted of values."""
        self._branch(node.test, "nothing: check values before the loss is called")

    def _branch(self, test: ast.expr, instead: str) -> None:
        known = isinstance(test, ast.Compare) and all(
            isinstance(x, (ast.Is, ast.IsNot, ast.In, ast.NotIn)) for x in test.ops
        )
        if self.varies(test) and not known:
            self._note(test, instead)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Note logic on arrays."""
        if any(self.varies(x) for x in node.values):
            word = "and" if isinstance(node.op, ast.And) else "or"
            self._note(node, f"xp.logical_{word}(a, b)", rules.on_logic(node, self._lines))
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """Note the negation of conditions."""
        if isinstance(node.op, ast.Not) and self.varies(node.operand):
            self._note(node, "xp.logical_not(a)", rules.on_not(node))
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Note chains of comparisons."""
        if len(node.ops) > 1 and self.varies(node):
            self._note(node, "xp.logical_and(a < b, b < c) for a < b < c")
        self.generic_visit(node)

    # -- calls and attributes

    def visit_Call(self, node: ast.Call) -> None:
        """Note functions and methods that are not of `xp`."""
        for place in self._of_call(node):
            self.places.append(place)
        parts = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        for part in (*parts, *node.args, *(k.value for k in node.keywords)):
            self.visit(part)

    def _of_call(self, node: ast.Call) -> Iterator[Place]:
        full = self._full(node.func)
        if full.startswith(("numpy.random.", "random.")):
            yield self._place(node, rules.RANDOM)
            return
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        if any(map(self.varies, [*node.args, *(k.value for k in node.keywords)])):
            if full in self._functions:
                self.called.append(self._functions[full])
                if not any(keyword.arg == "xp" for keyword in node.keywords):
                    yield self._handed_on(node)
            elif found := rules.of_library(node, full):
                yield self._place(node, *found)
        if of is not None and self.varies(of):
            yield from self._of_method(node, node.func)

    def _of_method(self, node: ast.Call, method: ast.expr) -> Iterator[Place]:
        assert isinstance(method, ast.Attribute)
        name = method.attr
        if rules.has_method(name) or name in ("items", "keys", "values", "get"):
            return
        function = rules.function_of(name)
        edits = rules.on_method(node, method, function) if function else ()
        yield self._place(node, f"xp.{function}(x)" if function else rules.advice_on(name), edits)

    # -- notes

    def _handed_on(self, node: ast.Call) -> Place:
        line, stop = node.end_lineno or node.lineno, node.end_col_offset or 0
        before = self._lines[line - 1].encode()[: stop - 1].rstrip()
        comma = "" if before.endswith((b",", b"(")) else ", "
        return self._place(
            node, "xp=xp handed on", (Edit(line, stop - 1, stop - 1, f"{comma}xp=xp"),)
        )

    def _signature(self) -> Place:
        """Say how the function takes `xp`."""
        of, args = self._function, self._function.args
        star = "" if args.kwonlyargs or args.vararg else "*, "
        text = f"def {of.name}({ast.unparse(args)})"
        last: list[ast.arg | ast.expr] = [
            *args.posonlyargs,
            *args.args,
            *args.kwonlyargs,
            *args.defaults,
        ]
        last += [x for x in args.kw_defaults if x is not None]
        instead = f"{star}xp=np among the arguments"
        if args.kwarg or not last:
            return Place(of.lineno, of.col_offset + 1, text, instead)
        line, stop = max((x.end_lineno or 0, x.end_col_offset or 0) for x in last)
        edit = Edit(line, stop, stop, f", {star}xp={self._numpy()}")
        return Place(of.lineno, of.col_offset + 1, text, instead, (edit,))

    def _numpy(self) -> str:
        """Return the name that the file has for NumPy."""
        return next((name for name, of in self._names.items() if of == "numpy"), "np")

    def _place(self, node: ast.AST, instead: str, edits: tuple[Edit, ...] = ()) -> Place:
        assert isinstance(node, (ast.expr, ast.stmt))
        text = " ".join(ast.unparse(node).split())
        return Place(node.lineno, node.col_offset + 1, text, instead, edits)

    def _note(self, node: ast.AST, instead: str, edits: tuple[Edit, ...] = ()) -> None:
        self.places.append(self._place(node, instead, edits))
