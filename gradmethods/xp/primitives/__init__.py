"""The primitives: every operation that a loss can be made of, described in one entry each.

An entry says of an operation how NumPy computes it, what shape and cost its result has, how each
method treats it, and how it behaves at the edges; nothing here differentiates or evaluates a loss.
Read `primitive` first. To add a function is to add an entry to one of the families beside it; a
user's own is added from outside, by `gradmethods.special.add`.

The convention at kinks, the same in every method that has a choice: where branches meet, the
derivative is the mean of the tied branches'. So |x| and sign have derivative 0 at 0, maximum(a, b)
and minimum(a, b) give each of two equal operands one half, max and min over k equal largest entries
give each 1/k; steps (sign, floor, ceil, trunc, round) have derivative 0 everywhere; `where` has the
derivative of the branch that it selects. The tip of a cone is no such tie: at the
origin hypot and norms have no derivative, and methods that know their formula give NaN. What
follows may be flat there, as the square of a norm is: then the derivative is 0, for all slopes
beside the tip are bounded.

What nothing selects adds exactly 0, be the slopes there infinite or NaN: the branch that `where`
does not take, the operand that maximum, minimum, max and min do not return, the entries that an
index leaves out, and what is multiplied by a 0 that depends on no parameter (a mask, data, a
number; also such a 0 divided by it), and differences of a value from itself, as on the diagonal of
distances. A 0 that depends on a parameter silences nothing: the chain
rule gives NaN for (√x)² at 0, where it multiplies 0 by infinity. (Closed formulas give 1: SymPy
writes x for (√x)².) In a sum and in a matrix product
an entry of the derivative is such a 0 only if every term is; other terms count as they are.
Parameters are taken to be finite, and so are products of finite numbers; data may have gaps.

Functions of 8- and 16-bit integers alone are what NumPy makes of them, in half and single
precision: xp.sqrt(k) of int8 data has four digits, in every method. (A certificate is of the exact
square root: it shows what is lost.) For more, write xp.sqrt(xp.astype(k, xp.float64)).
"""

from collections.abc import Callable, Collection

from gradmethods.xp.primitives import (
    arithmetic,
    choices,
    decompositions,
    exponential,
    linear_systems,
    moves,
    ordering,
    recognised,
    reductions,
    special,
    trigonometric,
)
from gradmethods.xp.primitives.primitive import Behaviour, Kind, Primitive, binary, unary
from gradmethods.xp.primitives.shapes import (
    Hole,
    Operand,
    Shape,
    elementwise_shape,
    fill_index,
    reduced_shape,
)

__all__ = [
    "TABLE",
    "Behaviour",
    "Hole",
    "Kind",
    "Operand",
    "Primitive",
    "Shape",
    "binary",
    "elementwise_shape",
    "enter",
    "fill_index",
    "follow",
    "get_primitive",
    "having",
    "of_kind",
    "reduced_shape",
    "unary",
]

_FAMILIES = (
    arithmetic,
    exponential,
    trigonometric,
    special,
    choices,
    reductions,
    ordering,
    moves,
    linear_systems,
    decompositions,
)

TABLE: dict[str, Primitive] = {
    primitive.name: primitive for family in _FAMILIES for primitive in family.ENTRIES
}
"""What a loss can name."""


def get_primitive(name: str) -> Primitive:
    """Return the primitive of a name."""
    return TABLE[name]


_FOLLOWING: list[Callable[[Primitive], None]] = []


def follow(enter: Callable[[Primitive], None]) -> None:
    """Call a function with every primitive, and with those that are added later.

    So a method keeps a table of its own that is never out of date.
    """
    for primitive in TABLE.values():
        enter(primitive)
    _FOLLOWING.append(enter)


def enter(primitive: Primitive) -> None:
    """Add a user's primitive to the table, and to those of all methods; see `special.add`."""
    TABLE[primitive.name] = primitive
    for each in _FOLLOWING:
        each(primitive)


def having(behaviour: Behaviour, but: Collection[str] = ()) -> set[str]:
    """Return the names of the primitives that behave in a way, also of those no loss names.

    The set grows when a primitive is added.
    """
    names = {p.name for p in recognised.ENTRIES if behaviour in p.behaviour}

    @follow
    def _(primitive: Primitive) -> None:
        if behaviour in primitive.behaviour and primitive.name not in but:
            names.add(primitive.name)

    return names


def of_kind(*kinds: Kind) -> dict[str, Primitive]:
    """Return the primitives of some kinds that a loss can name, by name."""
    return {name: primitive for name, primitive in TABLE.items() if primitive.kind in kinds}
