"""Whether sums of products may be added up in another order, as products of matrices do.

What cancels to 0 in the order of the loss may be 1e-18 in another. Beside rounded values that is
nothing, but behind a kink or a pole it is another slope, or a number in place of an infinity.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gradmethods.xp.primitives import Kind, of_kind

PLACE, WRITTEN = re.compile(r"{(\d+)}"), re.compile(r"\b_(\d+)\b")
"""The places of names in a form, and as Python's parser takes them."""

CALLED = re.compile(r"\w+(?=\()|[<>=]")
"""What formulas call, and their comparisons."""

KINKED = {"sqrt", "hypot", "asin", "acos", "acosh", "atanh", "atan2", "xlogy", "remainder"}
SMOOTH = frozenset(({*of_kind(Kind.SMOOTH)} - KINKED) | {"added", "dot", "real"})
"""Functions without kinks or jumps."""

POLES = frozenset({"log", "log10", "log1p", "log2", "digamma", "gammaln"})
"""Functions with a pole, other than powers and quotients."""

AWAY_FROM_ZERO = frozenset({"exp", "cos", "cosh", "erfc", "ndtr", "log_ndtr", "logaddexp"})
"""Functions that are not 0 where a sum cancels."""


def any_order(lines: Iterable[tuple[str, str, Sequence[str]]], levels: Mapping[str, int]) -> bool:
    """Say whether no sum of products is behind a kink or a pole.

    Parameters
    ----------
    lines : iterable of (str, str, sequence of str)
        What a line calls its value, its form with numbered places, and the names for them; each
        line behind those that it needs.
    levels : mapping of str to int
        0 for inputs, more for what is computed.
    """
    cancel: dict[str, bool] = {}
    known: dict[Any, bool] = {}
    for label, form, names in lines:
        operands = tuple((cancel.get(name, False), not levels[name]) for name in names)
        if (form, operands) not in known:
            found = _Cancelling(operands)
            tree = ast.parse(PLACE.sub(r"_\1", form), mode="eval").body
            known[form, operands] = found.cancels(tree)
            if found.singular or not SMOOTH.issuperset(CALLED.findall(form)):
                return False
        cancel[label] = known[form, operands]
    return True


class _Cancelling:
    """Follows sums of products through a form.

    Parameters
    ----------
    operands : sequence of (bool, bool)
        Whether each may be 0 because a sum of products is, and whether it is an input.
    """

    def __init__(self, operands: Sequence[tuple[bool, bool]]) -> None:
        self.operands, self.singular = operands, False

    def cancels(self, node: ast.AST) -> bool:
        """Say whether a value may be 0 because a sum is; note on the way what is singular there."""
        if isinstance(node, ast.Name):
            place = WRITTEN.fullmatch(node.id)
            return self.operands[int(place[1])][0] if place else False
        inner = [self.cancels(x) for x in ast.iter_child_nodes(node)]
        if isinstance(node, ast.BinOp):
            left, _, right = inner
            if isinstance(node.op, ast.Pow):
                whole = isinstance(node.right, ast.Constant) and isinstance(node.right.value, int)
                self.singular |= left and not whole
                return left
            self.singular |= right and isinstance(node.op, ast.Div)
            if isinstance(node.op, ast.Add):
                return left or right or self._product(node.left) or self._product(node.right)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            self.singular |= node.func.id in POLES and any(inner)
            return node.func.id not in AWAY_FROM_ZERO and any(inner)
        return any(inner)

    def _product(self, node: ast.AST) -> bool:
        """Say whether a term is an input times a value, as those in products of matrices are."""
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
            return False
        names = [x.id for x in (node.left, node.right) if isinstance(x, ast.Name)]
        return len(names) == 2 and any(
            self.operands[int(place)][1] for place in WRITTEN.findall(" ".join(names))
        )
