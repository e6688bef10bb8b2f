"""The same value in fewer operations: signs that cancel, and sums of alike terms at once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

Total = Callable[[Sequence[str]], tuple[str, int]]
"""Adds up the first of some terms; returns the name of the sum, and how many these were."""


class Shorter(ast.NodeTransformer):
    """Rewrites an expression; what is left of it is computed as it was, to the last bit.

    Parameters
    ----------
    total : callable
        Takes the terms of a sum, as text; returns no name where it adds up none.
    constant : callable
        Gives a number a name.
    """

    def __init__(self, total: Total, constant: Callable[[float], str]) -> None:
        self._total, self._constant = total, constant

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """Take -(-a/b) for a/b."""
        self.generic_visit(node)
        return (isinstance(node.op, ast.USub) and _positive(node.operand)) or node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Take a - (-b) for a + b, and look at a sum from its end."""
        if isinstance(node.op, ast.Add):
            return self._sum(node)
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            node.left, node.right = self._named(node.left), self._named(node.right)
        first, second = _positive(node.left), _positive(node.right)
        if isinstance(node.op, ast.Sub) and second:
            if first:
                return ast.BinOp(second, ast.Sub(), first)
            return ast.BinOp(node.left, ast.Add(), second)
        return node

    def _sum(self, node: ast.BinOp) -> ast.AST:
        terms: list[ast.expr] = []
        rest: ast.expr = node
        while isinstance(rest, ast.BinOp) and isinstance(rest.op, ast.Add):
            terms.append(rest.right)
            rest = rest.left
        terms = [rest, *reversed(terms)]
        name, count = self._total([*map(ast.unparse, terms)])
        total: ast.expr = ast.Name(name) if name else self._named(self.visit(rest))
        for term in terms[count or 1 :]:
            total = ast.BinOp(total, ast.Add(), self._named(self.visit(term)))
        return total

    def _named(self, node: ast.expr) -> ast.expr:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return ast.Name(self._constant(float(node.value)))
        return node


def _positive(node: ast.expr) -> ast.expr | None:
    """Return what a product or quotient with a minus before it is the negative of."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return node.operand
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mult, ast.Div)):
        left = _positive(node.left)
        return left and ast.BinOp(left, node.op, node.right)
    return None
