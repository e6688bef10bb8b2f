"""Pieces of code: text that knows how tightly it holds together, what it costs, how it nests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

PARENTHESIS = 16
"""Weight of a pair of parentheses, of which Python's parser takes 200 within each other …"""

DEEPEST = 1400
"""… against that of an operand in a row, of which its compiler takes about 3,000."""

WIDEST = 64
"""Operands in a row; longer sums and products are cut into parts."""

SUM, PRODUCT, POWER, ATOM = range(4)
"""How tightly a piece of text holds together."""


SQUARE = "square"
"""A place in a pattern that takes the square of a piece."""


class Piece(NamedTuple):
    """The text of an expression, how tightly it holds together, its operations, its nesting."""

    text: str
    binding: int = ATOM
    operations: int = 0
    depth: int = 0

    def within(self, binding: int) -> Piece:
        """Return the piece where at least this binding is needed."""
        if self.binding >= binding:
            return self
        return Piece(f"({self.text})", ATOM, self.operations, self.depth + PARENTHESIS)

    def __format__(self, place: str) -> str:
        """Write the piece into a pattern, whose place needs some binding, or a square."""
        if place == SQUARE:
            # Python multiplies faster than it raises to a power.
            cheap = not self.operations
            return f"({self.text}*{self.text})" if cheap else f"{self.within(ATOM).text}**2"
        return self.within(int(place)).text


def number(value: Any) -> Piece:
    """Write a rational number as the nearest floating-point one."""
    numerator, denominator = int(value.p), int(value.q)
    if denominator == 1 and abs(numerator) <= 2**53:
        text = str(numerator)
    else:
        try:
            text = repr(numerator / denominator)
        except OverflowError:
            text = "-inf" if numerator < 0 else "inf"
    return Piece(text, SUM if text.startswith("-") else ATOM)


def multiplied(factors: list[Piece]) -> Piece:
    """Multiply pieces."""
    if len(factors) == 1:
        return factors[0]
    while len(factors) > WIDEST:
        parts = [factors[i : i + WIDEST] for i in range(0, len(factors), WIDEST)]
        factors = [multiplied(part) for part in parts]
    return infix([factor.within(POWER) for factor in factors], "*", PRODUCT)


def joined(terms: list[tuple[bool, Piece]]) -> Piece:
    """Add terms and subtract those marked as negative, beginning with one that is not."""
    if len(terms) > WIDEST:
        parts = [terms[i : i + WIDEST] for i in range(0, len(terms), WIDEST)]
        return joined([(False, joined(part).within(ATOM)) for part in parts])
    first = next((i for i, (negative, _) in enumerate(terms) if not negative), 0)
    ordered = [terms[first], *terms[:first], *terms[first + 1 :]]
    (minus, head), *rest = ordered
    pieces = [head.within(PRODUCT), *(piece.within(PRODUCT) for _, piece in rest)]
    signs = ["-" if minus else "", *(" - " if negative else " + " for negative, _ in rest)]
    text = "".join(sign + piece.text for sign, piece in zip(signs, pieces, strict=True))
    operations = sum(piece.operations for piece in pieces)
    operations += joints([negative for negative, _ in terms])
    return Piece(text, SUM, operations, max(p.depth for p in pieces) + len(pieces))


def joints(negative: Sequence[bool]) -> int:
    """Count the operators that `joined` puts before and between terms, of which some are negative.

    Examples
    --------
    >>> joints([False, True]), joints([True, True])  # a - b, and -a - b
    (1, 2)
    """
    if len(negative) <= WIDEST:
        return len(negative) - 1 + all(negative)
    parts = [negative[i : i + WIDEST] for i in range(0, len(negative), WIDEST)]
    return sum(map(joints, parts)) + joints([False] * len(parts))


def infix(pieces: list[Piece], operator: str, binding: int) -> Piece:
    """Put an operator between pieces that hold together tightly enough."""
    return Piece(
        operator.join(piece.text for piece in pieces),
        binding,
        sum(piece.operations for piece in pieces) + len(pieces) - 1,
        max(piece.depth for piece in pieces) + len(pieces),
    )
