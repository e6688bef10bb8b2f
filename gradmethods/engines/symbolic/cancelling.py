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

ONE_AT_ZERO = frozenset({"exp", "cos", "cosh", "erfc"})
"""Those that are 1 there, so that their difference from 1 cancels."""

NEVER, FROM_ONE, CANCELS = range(3)
"""Whether a value may be 0 because a sum of products is: no; its difference from 1; yes."""


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
    cancel: dict[str, int] = {}
    known: dict[Any, int] = {}
    for label, form, names in lines:
        operands = tuple((cancel.get(name, NEVER), not levels[name]) for name in names)
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
    operands : sequence of (int, bool)
        Whether each cancels, and whether it is an input.
    """

    def __init__(self, operands: Sequence[tuple[int, bool]]) -> None:
        self.operands, self.singular = operands, False

    def cancels(self, node: ast.AST) -> int:
        """Say whether a value cancels; note on the way what is singular there."""
        if isinstance(node, ast.Name):
            place = WRITTEN.fullmatch(node.id)
            return self.operands[int(place[1])][0] if place else NEVER
        inner = [self.cancels(x) for x in ast.iter_child_nodes(node)]
        if isinstance(node, ast.BinOp):
            return self._operation(node, inner[0], inner[-1])
        most = max(inner, default=NEVER)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if most < CANCELS:
                return NEVER
            self.singular |= node.func.id in POLES
            if node.func.id in ONE_AT_ZERO:
                return FROM_ONE
            return NEVER if node.func.id in AWAY_FROM_ZERO else CANCELS
        return CANCELS if most and isinstance(node, ast.UnaryOp) else most

    def _operation(self, node: ast.BinOp, left: int, right: int) -> int:
        cancels = CANCELS in (left, right)
        if isinstance(node.op, ast.Pow):
            whole = isinstance(node.right, ast.Constant) and isinstance(node.right.value, int)
            self.singular |= left == CANCELS and not whole
            return left
        if isinstance(node.op, ast.Div):
            self.singular |= right == CANCELS
        elif isinstance(node.op, ast.Add):
            cancels |= self._product(node.left) or self._product(node.right)
        elif isinstance(node.op, ast.Sub):
            cancels |= FROM_ONE in (left, right)
        return CANCELS if cancels else NEVER

    def _product(self, node: ast.AST) -> bool:
        """Say whether a term is an input times a value, as those in products of matrices are."""
        if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult)):
            return False
        names = [x.id for x in (node.left, node.right) if isinstance(x, ast.Name)]
        return len(names) == 2 and any(
            self.operands[int(place)][1] for place in WRITTEN.findall(" ".join(names))
        )
