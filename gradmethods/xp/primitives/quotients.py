"""Quotients of sums that share their parts, and the slopes by which they keep their digits.

`graph.quotients` finds them, and says why they are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradmethods.xp.primitives.primitive import Behaviour, Function, Primitive
from gradmethods.xp.primitives.shapes import count_result, elementwise_shape


def slope(
    position: int,
    operands: Sequence[Any],
    above: Sequence[Any],
    below: Sequence[Any],
    powers: Sequence[bool],
    guarded: Callable[[Any, Any], Any] = lambda _, share: share,
) -> Any:
    """Return the slope of a quotient by one of its operands.

    Parameters
    ----------
    position : int
        Of the operand, behind the parts.
    operands : sequence
        All of them, of any kind that can be added, multiplied and divided.
    above, below : sequence of numbers
        As in `QUOTIENT`.
    powers : sequence of bool
        Likewise.
    guarded : callable
        What becomes of the share in the denominator of an exponential that may overflow there.
    """
    d, count = operands[1], len(powers)
    parts = operands[2 : 2 + count]
    k = position - 2 - count

    def share(j: int, factor: Any) -> Any:
        """Return factor·x/d."""
        if below[j] and not above[j] and powers[j]:
            return factor / below[j] * guarded(parts[j], below[j] * parts[j] / d)
        return factor * parts[j] / d

    own = share(k, 1) if powers[k] else 1 / d
    if not below[k]:
        return above[k] * own
    factors = [above[k] * below[j] - above[j] * below[k] for j in range(count)]
    return own * sum(share(j, factor) for j, factor in enumerate(factors) if factor)


def _of_quotient(position: int) -> Function:
    def rule(xp: Any, g: Any, y: Any, *xs: Any, powers: Any, **static: Any) -> Any:
        def guarded(x: Any, share: Any) -> Any:
            return xp.where(xp.isfinite(x), share, 1)

        if position < 2 + len(powers):
            return None
        return g * slope(position, xs, powers=powers, **static, guarded=guarded)

    return rule


def _of_normalised(
    xp: Any, g: Any, y: Any, x: Any, d: Any, z: Any, *, axis: tuple[int, ...], power: bool
) -> Any:
    """Take the mean of `g` from `g`, both from that of the largest entry, beside which all is 0."""
    largest = xp.astype(y == xp.max(y, axis=axis, keepdims=True), y.dtype)
    count = xp.sum(largest, axis=axis, keepdims=True)
    beside = g - xp.sum(g * largest, axis=axis, keepdims=True) / count
    rest = beside - xp.sum(beside * y, axis=axis, keepdims=True)
    return y * rest if power else rest / d


def _along_quotient(xp: Any, ts: Any, y: Any, *xs: Any, powers: Any, **static: Any) -> Any:
    def guarded(x: Any, share: Any) -> Any:
        return xp.where(xp.isfinite(x), share, 1)

    first = 2 + len(powers)
    return sum(
        t * slope(position, xs, powers=powers, **static, guarded=guarded)
        for position, t in enumerate(ts)
        if position >= first and t is not None
    )


def _along_normalised(
    xp: Any, t: Any, y: Any, x: Any, d: Any, z: Any, *, axis: tuple[int, ...], power: bool
) -> Any:
    """Take differences from the largest entry, which gains what all others lose."""
    behind = tuple(i + 1 for i in axis)
    largest = xp.astype(y == xp.max(y, axis=axis, keepdims=True), y.dtype)
    share = largest / xp.sum(largest, axis=axis, keepdims=True)
    if power:
        beside = t - xp.sum(t * share, axis=behind, keepdims=True)
        return y * (beside - xp.sum(beside * y, axis=behind, keepdims=True))
    others = (t - y * xp.sum(t, axis=behind, keepdims=True)) / d * (1 - largest)
    return others - share * xp.sum(others, axis=behind, keepdims=True)


QUOTIENT = Primitive(
    "quotient",
    lambda n, d, *_, **__: n / d,
    elementwise_shape,
    count_result,
    vjp=_of_quotient,
    jvp=_along_quotient,
    behaviour=Behaviour.UNBOUNDED,
)
"""n/d, evaluated as written. The operands are n, d, the parts of both, and by what each part is
differentiated: z where it is exp(z), and itself where it is not. `above` and `below` are the
numbers b and c, and `powers` says which parts are exponentials."""

NORMALISED = Primitive(
    "normalised",
    lambda x, d, _, **__: x / d,
    elementwise_shape,
    count_result,
    vjp=(None, None, _of_normalised),
    jvp=(None, None, _along_normalised),
    behaviour=Behaviour.UNBOUNDED,
)
"""x/d for a sum d of the entries of x over axes. The third operand is what x is differentiated by:
z where `power` says that it is exp(z), as in softmax, and itself where not."""
