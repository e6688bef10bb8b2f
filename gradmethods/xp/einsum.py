"""Einstein's summation convention: letters for axes, made of sums, moves and matrix products."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from gradmethods.errors import ShapeMismatch, UnsupportedOperation
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Operand
from gradmethods.xp.linalg import Contractions
from gradmethods.xp.manipulation import Manipulation

HIDDEN = "αβγδεζηθικλμνξοπρστυφχψω"
"""Letters for the axes that dots stand for."""


class Einsum(Manipulation, Contractions):
    """The function ``einsum``."""

    def einsum(self, subscripts: str, /, *operands: Operand, optimize: Any = False) -> Array:
        """Sum products over axes that share a letter, as ``numpy.einsum`` does.

        Operands are joined two at a time, from the left, each pair by one product of matrices; an
        order that takes less work is written with parentheses, in several calls.

        Parameters
        ----------
        subscripts : str
            A letter for each axis, as in ``"ij,jk->ik"``. Axes of a letter are paired; those that
            the result does not name are summed. Dots stand for axes that broadcast. Without an
            arrow the result has the letters that occur once, in alphabetical order.
        *operands : array
            One for each group of letters.
        optimize : optional
            NumPy's, which decides about an order of its own: it changes nothing here.
        """
        del optimize
        arrays = [self.array(x) for x in operands]
        terms, result = _parsed(subscripts, arrays)
        sizes = _sizes(subscripts, terms, arrays)
        parts = [self._own(x, term) for x, term in zip(arrays, terms, strict=True)]
        (array, letters), *rest = parts
        for i, (other, more) in enumerate(rest, 1):
            wanted = {*result, *(letter for _, term in rest[i:] for letter in term)}
            array, letters = self._joined(array, letters, other, more, wanted)
        array, letters = self._summed(array, letters, set(result))
        new = [letter for letter in result if letter not in letters]
        array = self.reshape(array, (*array.shape, *(1 for _ in new)))
        letters += "".join(new)
        array = self.permute_dims(array, [letters.index(letter) for letter in result])
        return self.broadcast_to(array, tuple(sizes[letter] for letter in result))

    def _own(self, x: Array, term: str) -> tuple[Array, str]:
        """Take diagonals where a letter occurs twice in a term."""
        while repeated := [letter for letter, n in Counter(term).items() if n > 1]:
            first = term.index(repeated[0])
            second = term.index(repeated[0], first + 1)
            x = self.diagonal(x, 0, first, second)  # which becomes the last axis
            term = term[:first] + term[first + 1 : second] + term[second + 1 :] + repeated[0]
        return x, term

    def _summed(self, x: Array, term: str, wanted: set[str]) -> tuple[Array, str]:
        """Sum axes whose letters nobody needs any more."""
        axes = tuple(i for i, letter in enumerate(term) if letter not in wanted)
        if not axes:
            return x, term
        total = self.bind("sum", x, axis=axes, keepdims=False)
        return self._as(total, x.dtype), "".join(letter for letter in term if letter in wanted)

    def _joined(self, a: Array, m: str, b: Array, n: str, wanted: set[str]) -> tuple[Array, str]:
        """Multiply two arrays, summed over what they share and nobody else needs."""
        a, m = self._summed(a, m, wanted | {*n})
        b, n = self._summed(b, n, wanted | {*m})
        shared = [letter for letter in m if letter in n]
        both = [letter for letter in shared if letter in wanted]
        inner = [letter for letter in shared if letter not in wanted]
        left = [letter for letter in m if letter not in shared]
        right = [letter for letter in n if letter not in shared]
        a = self.permute_dims(a, [m.index(letter) for letter in (*both, *left, *inner)])
        b = self.permute_dims(b, [n.index(letter) for letter in (*both, *inner, *right)])
        ones = len(both), len(left), len(right)
        rows, columns = a.shape[ones[0] : ones[0] + ones[1]], b.shape[b.ndim - ones[2] :]
        if not inner:
            spread = self.reshape(a, (*a.shape, *(1 for _ in right)))
            along = (*b.shape[: ones[0]], *(1 for _ in left), *columns)
            return spread * self.reshape(b, along), "".join((*both, *left, *right))
        lengths = a.shape[ones[0] + ones[1] :], b.shape[ones[0] : b.ndim - ones[2]]
        pairs = zip(*lengths, strict=True)
        full = tuple(max(i, j) if 0 not in (i, j) else 0 for i, j in pairs)
        a = self.broadcast_to(a, (*a.shape[: ones[0] + ones[1]], *full))
        b = self.broadcast_to(b, (*b.shape[: ones[0]], *full, *columns))
        a = self.reshape(a, (*a.shape[: ones[0]], math.prod(rows), math.prod(full)))
        b = self.reshape(b, (*b.shape[: ones[0]], math.prod(full), math.prod(columns)))
        product = self.bind("matmul", a, b)
        shape = (*product.shape[:-2], *rows, *columns)
        return self.reshape(product, shape), "".join((*both, *left, *right))


def _parsed(subscripts: Any, arrays: list[Array]) -> tuple[list[str], str]:
    """Return the letters of each operand and of the result, without dots."""
    if not isinstance(subscripts, str):
        raise UnsupportedOperation(
            f"xp.einsum takes letters for axes first, as in 'ij,jk->ik', got {subscripts!r}."
        )
    left, arrow, result = subscripts.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != len(arrays) or not arrays:
        raise ShapeMismatch(
            f"xp.einsum got {len(arrays)} operands for the {len(terms)} groups of {subscripts!r}."
        )
    counts = [
        x.ndim - len(term.replace("...", "")) if "..." in term else 0
        for term, x in zip(terms, arrays, strict=True)
    ]
    most = max(counts)
    dots = HIDDEN[:most]
    terms = [
        term.replace("...", dots[most - n :] if n > 0 else "")
        for term, n in zip(terms, counts, strict=True)
    ]
    if not arrow:
        times = Counter(letter for term in terms for letter in term)
        result = "..." if most else ""
        result += "".join(sorted(x for x, n in times.items() if n == 1 and x not in dots))
    result = result.replace("...", dots)
    for term in (*terms, result):
        if not all(letter.isalpha() for letter in term):
            raise UnsupportedOperation(
                f"xp.einsum takes letters, commas, one arrow and three dots, got {subscripts!r}."
            )
    unknown = {*result} - {*"".join(terms)}
    if unknown or len({*result}) < len(result):
        raise UnsupportedOperation(
            f"The result of xp.einsum names axes of operands, each once, got {subscripts!r}."
        )
    if {*dots} - {*result}:
        raise UnsupportedOperation(
            f"The result of xp.einsum names the dots that an operand has, got {subscripts!r}."
        )
    return terms, result


def _sizes(subscripts: str, terms: list[str], arrays: list[Array]) -> dict[str, int]:
    """Return the length of each letter's axes; one of length 1 is repeated."""
    sizes: dict[str, int] = {}
    for term, x in zip(terms, arrays, strict=True):
        if len(term) != x.ndim:
            raise ShapeMismatch(
                f"xp.einsum has {len(term)} letters for an operand of shape {x.shape} in "
                f"{subscripts!r}."
            )
        for letter, length in zip(term, x.shape, strict=True):
            known = sizes.setdefault(letter, length)
            if known == 1:
                sizes[letter] = length
            elif length not in (1, known):
                raise ShapeMismatch(
                    f"xp.einsum cannot pair axes of lengths {known} and {length}, both named "
                    f"{letter!r} in {subscripts!r}."
                )
    return sizes
