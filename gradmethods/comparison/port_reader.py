"""Reads one function of a NumPy loss: what depends on its arguments, and where `xp` is needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from gradmethods.comparison import port_rules as rules
from gradmethods.comparison.port_rules import Edit, Place

Function = ast.FunctionDef
HOLDERS = (ast.List, ast.Dict, ast.ListComp, ast.DictComp)
"""Expressions whose values hold arrays, and are no arrays."""


class Reader(ast.NodeVisitor):
    """Reads a function, and notes what depends on its arguments and where `xp` is needed."""

    def __init__(
        self,
        function: Function,
        names: dict[str, str],
        functions: dict[str, Function],
        lines: list[str],
    ) -> None:
        self.places: list[Place] = []
        self.calls: list[tuple[Function, Place | None]] = []
        self._names, self._functions, self._lines = names, functions, lines
        self._function = function
        arguments = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        self._varying = {x.arg for x in arguments} - {"xp", "self"}
        self._containers: set[str] = set()
        for _ in range(2):  # what a loop assigns at its end varies at its start
            self.places.clear()
            self.calls.clear()
            for statement in function.body:
                self.visit(statement)
        self.places += self._decorators()
        self.takes_xp = "xp" in {x.arg for x in arguments}

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
            if isinstance(node, ast.Name) and node.id != "self":
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
            entries = isinstance(target, ast.Subscript) and not self._is_container(target.value)
            if entries and (self.varies(value) or self.varies(target)):
                self._note(node, rules.WRITTEN)
            pairs = [(target, value)]
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = list(zip(target.elts, value.elts, strict=False))
            self._containers |= {
                name.id
                for name, held in pairs
                if isinstance(name, ast.Name) and isinstance(held, HOLDERS)
            }
            if self.varies(value):
                self._binds(target.value if isinstance(target, ast.Subscript) else target)

    def _is_container(self, node: ast.expr) -> bool:
        """Say whether a value is a list or a dict of the function's own, or kept in an object."""
        root = _root(node)
        return isinstance(root, ast.Name) and root.id in {*self._containers, "self"}

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
        self.places += self._of_call(node)
        parts = [node.func.value] if isinstance(node.func, ast.Attribute) else []
        for part in (*parts, *node.args, *(k.value for k in node.keywords)):
            self.visit(part)

    def _of_call(self, node: ast.Call) -> Iterator[Place]:
        full = self._full(node.func)
        if full.startswith(("numpy.random.", "random.")):
            yield self._place(node, rules.RANDOM)
            return
        of = node.func.value if isinstance(node.func, ast.Attribute) else None
        given = any(map(self.varies, [*node.args, *(k.value for k in node.keywords)]))
        if given and isinstance(node.func, ast.Attribute) and node.func.attr in rules.FILLING:
            self._binds(_root(node.func.value))
        if given:
            if called := self._functions.get(full.removeprefix("self.")):
                handed = any(keyword.arg == "xp" for keyword in node.keywords)
                self.calls.append((called, None if handed else self._handed_on(node)))
                return
            if found := rules.of_library(node, full):
                yield self._place(node, *found)
            elif isinstance(node.func, ast.Attribute) and node.func.attr == "dot":
                yield self._place(node, rules.DOT)
        if of is not None and self.varies(of):
            yield from self._of_method(node, node.func)

    def _of_method(self, node: ast.Call, method: ast.expr) -> Iterator[Place]:
        assert isinstance(method, ast.Attribute)
        name = method.attr
        if rules.has_method(name) or name in rules.CONTAINERS:
            return
        if name in rules.METHODS:
            yield self._place(node, rules.METHODS[name])
            return
        function = rules.function_of(name)
        edits = rules.on_method(node, method, function) if function else ()
        yield self._place(node, f"xp.{function}(x)" if function else rules.advice_on(name), edits)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """Note attributes that arrays of NumPy and tables of pandas have, and those of xp not."""
        if node.attr in rules.FOREIGN and self.varies(node.value):
            self._note(node, rules.FOREIGN[node.attr])
        self.generic_visit(node)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        """Note what NumPy joins by an index, and choices of entries by their values."""
        if any(map(self._is_mask, getattr(node.slice, "elts", [node.slice]))):
            self._note(node, rules.MASKED)
        if self._full(node.value) in ("numpy.r_", "numpy.c_") and self.varies(node.slice):
            self._note(node, "xp.concat, of columns along axis=1")
        self.generic_visit(node)

    def _is_mask(self, index: ast.expr) -> bool:
        """Say whether an index is a comparison of values; a mask by name is not known for one."""
        if isinstance(index, ast.UnaryOp) and isinstance(index.op, (ast.Invert, ast.Not)):
            return self._is_mask(index.operand)
        if isinstance(index, ast.BinOp) and isinstance(index.op, (ast.BitAnd, ast.BitOr)):
            return self._is_mask(index.left) or self._is_mask(index.right)
        return isinstance(index, ast.Compare) and self.varies(index)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        """Note numbers that are written in some format."""
        if node.format_spec is not None and self.varies(node.value):
            self._note(node.value, rules.SHOWN)
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Note numbers that are written in some format, and complex ones."""
        left, right = node.left, node.right
        if isinstance(left, ast.Constant) and isinstance(left.value, str) and self.varies(right):
            self._note(node, rules.SHOWN)
        if any(isinstance(x, ast.Constant) and isinstance(x.value, complex) for x in (left, right)):
            self._note(node, "real and imaginary parts, as two arrays")
        self.generic_visit(node)

    def _decorators(self) -> Iterator[Place]:
        """Yield what compiles the function, and then takes numbers alone."""
        for node in self._function.decorator_list:
            name = self._full(node.func if isinstance(node, ast.Call) else node)
            if name.partition(".")[0] in rules.COMPILERS:
                yield self._place(node, "nothing: what is compiled takes numbers alone")

    # -- notes

    def _handed_on(self, node: ast.Call) -> Place:
        line, stop = node.end_lineno or node.lineno, node.end_col_offset or 0
        before = self._lines[line - 1].encode()[: stop - 1].rstrip()
        comma = "" if before.endswith((b",", b"(")) else ", "
        return self._place(
            node, "xp=xp handed on", (Edit(line, stop - 1, stop - 1, f"{comma}xp=xp"),)
        )

    def signature(self) -> Place:
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


def _root(node: ast.expr) -> ast.expr:
    """Return what an attribute, an entry or the result of a method is taken of."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node
