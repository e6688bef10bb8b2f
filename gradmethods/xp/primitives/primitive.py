"""What an entry says of a primitive, and short ways to write one.

Here are the fields; the entries are in the files beside this one. A field that serves one method
is a function over that method's own module, which the method hands in, so that reading an entry
imports nothing but NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, Flag, auto
from pickle import PicklingError
from typing import Any

import numpy as np

from gradmethods.xp.primitives.shapes import Shape, count_nothing, count_result, elementwise_shape

Function = Callable[..., Any]
Rules = tuple[Function | None, ...] | Function
"""One function for each operand, None where the derivative is zero; or a function that makes that
of a position, where the number of operands is not fixed."""

FLAT: Rules = ()
"""The rules of what has derivative zero wherever it has one."""

REAL_LINE = (-np.inf, np.inf)


class Kind(Enum):
    """What a primitive does; methods treat all of one kind alike."""

    SMOOTH = auto()
    """Element-wise, with a derivative wherever it is defined but for single points."""
    CHOICE = auto()
    """Element-wise, passing on one of several values."""
    STEP = auto()
    """Element-wise, constant between jumps."""
    COMPARISON = auto()
    """Element-wise, from the order of two numbers to a condition."""
    TEST = auto()
    """Element-wise, from whether a number is finite to a condition."""
    LOGIC = auto()
    """Element-wise, from conditions to a condition."""
    REDUCTION = auto()
    ORDER = auto()
    """Goes by the order of entries along an axis."""
    PRODUCT = auto()
    MOVE = auto()
    """Takes, repeats or joins entries, and computes nothing."""
    MATRIX = auto()
    """Takes each matrix in the last two axes as a whole; the other axes are a stack of them."""


class Behaviour(Flag):
    """What the values and slopes of a primitive do at the edges."""

    NONE = 0
    STEEP = auto()
    """The slope can be infinite or undefined where the value is finite."""
    POLE = auto()
    """The slope overflows where an operand is tiny, and the value does not."""
    UNBOUNDED = auto()
    """The value can be an infinity or NaN where the operands are finite."""
    OVERFLOWING = auto()
    """It is so by overflow alone."""
    PASSING = auto()
    """The slopes are 0, 1 and −1, whatever the values are."""
    EXPOSING = auto()
    """The value is not finite where an entry of an operand is not."""
    SELECTING = auto()
    """Some entries of the operands are passed on, others are not."""
    NEVER_NEGATIVE = auto()
    """The value is not below 0."""
    KEEPS_SIGN = auto()
    """The value is not below 0 if no operand is."""
    KEEPS_OFF_ZERO = auto()
    """Where all operands are positive, the value is no nearer to 0 than the least of them and 1."""
    FALLING = auto()
    """The value decreases, so that a slope that is infinite is −∞."""
    LINEAR = auto()
    """A sum of the operands with factors 1 and −1."""
    LEAVES_ZERO = auto()
    """In complex arithmetic the value has a real part of the order of the step's square where the
    real function is 0."""
    EXACT = auto()
    """NumPy computes it without rounding; or it is itself a rounding, as to float32."""


@dataclass(frozen=True, eq=False)
class Primitive:
    """An operation on arrays; there is one object for each, which hashes as such.

    The fields from `vjp` on are each for one method. One that is None is missing: the method then
    refuses the primitive by name, unless the method says in its own module how it treats the kind.

    Attributes
    ----------
    name : str
        The name in the array API standard where it has one.
    numpy : callable
        ``numpy(*operands, **static)`` evaluates it; an element-wise one is a ufunc (or where), for
        programs write its results where they like.
    shape : callable
        ``shape(*operands, **static)`` gives the shape of the result from operands that have
        shapes but no values.
    operations : callable
        ``operations(shapes, result)`` counts scalar floating-point operations, one for each
        arithmetic operation or elementary function; moving data counts nothing.
    kind : Kind
    arity : int
        The number of operands of an element-wise function; 0 for all else.
    module : str
        Where a loss finds it: ``"xp"``, or ``"special"`` for `gradmethods.special`.
    aliases : bool
        Whether the result may be a view of the first operand.
    behaviour : Behaviour
        At the edges: by it methods know where a zero may meet an infinity, and what sign there is.
    vjp : tuple of callable, or callable
        The rules of reverse mode, one for each operand: ``rule(xp, g, y, *operands, **static)``
        maps the cotangent `g` of the result `y` to the cotangent of the operand, in the functions
        of a loss. What broadcasting repeated is added up elsewhere. See `FLAT`. Source: A. Griewank
        and A. Walther, Evaluating Derivatives, SIAM 2008, chapter 3.
    jvp : tuple of callable, or callable
        The rules of forward mode, one for each operand: ``rule(xp, t, y, *operands, **static)``
        maps tangents `t` of the operand to what they add to those of the result `y`. Tangents have
        an axis of directions in front; behind it, those of element-wise functions and products
        have as many axes as the result. A single function, where the number of operands is not
        fixed, takes a list of all operands' tangents, None of those that depend on no parameter.
        The rules know nothing of those of reverse mode, nor those of them. Source: A. Griewank and
        A. Walther, Evaluating Derivatives, SIAM 2008, chapter 3; R. E. Wengert, A simple automatic
        derivative evaluation program, Communications of the ACM 7 (1964) 463-464.
    sympy : callable
        ``sympy(sp, *entries)``, an expression; `sp` is `gradmethods.engines.symbolic.vocabulary`,
        with SymPy's own names behind it.
    ball : callable
        ``ball(balls, *entries)``, the value over balls, NaN where there is none; of a step, its
        value at an exact number. `balls` is `gradmethods.engines.certified.functions`.
    slopes : tuple of callable
        ``slope(balls, *entries, value)``, one for each operand: the partial derivatives, written
        out by hand. None stands for 1.
    jumps : callable
        ``jumps(balls, x)`` says of a step whether it jumps at an exact number.
    series : callable
        ``series(ts, *entries)``, the value over truncated Taylor series of balls, where `ball` does
        not serve for them; `ts` is `gradmethods.engines.certified.series`.
    complex : callable
        ``complex(cx, *operands, **static)``, the holomorphic function that extends the real one,
        over complex arrays; `cx` is `gradmethods.engines.complex.functions`, and
        `gradmethods.engines.complex.matrices` of functions of matrices.
    domain : tuple of float
        The ends of the real domain of a function of one number. Beyond them its complex form goes
        on where the real one ends; at a finite end the slope is infinite.
    radius : tuple of callable
        ``radius(*operands)``, one for each operand: from complex operands, the distance on which
        the function varies with it. None where the complex step is right at every width.
    varies : tuple of callable
        ``varies(*real operands)``, one for each operand: where its slope is not 0. None for
        everywhere.
    written_out : callable
        ``written_out(xp, *operands, **static)``, the same in functions of `xp` that work entry by
        entry and products: for methods that have no other way.
    """

    name: str
    numpy: Function = field(repr=False)
    shape: Callable[..., Shape] = field(repr=False)
    operations: Callable[[list[Shape], Shape], int] = field(repr=False)
    kind: Kind = field(default=Kind.SMOOTH, repr=False)
    arity: int = field(default=0, repr=False)
    aliases: bool = field(default=False, repr=False)
    module: str = field(default="xp", repr=False)
    behaviour: Behaviour = field(default=Behaviour.NONE, repr=False)
    vjp: Rules | None = field(default=None, repr=False)
    jvp: Rules | None = field(default=None, repr=False)
    sympy: Function | None = field(default=None, repr=False)
    ball: Function | None = field(default=None, repr=False)
    slopes: tuple[Function | None, ...] | None = field(default=None, repr=False)
    jumps: Function | None = field(default=None, repr=False)
    series: Function | None = field(default=None, repr=False)
    complex: Function | None = field(default=None, repr=False)
    domain: tuple[float, float] = field(default=REAL_LINE, repr=False)
    radius: tuple[Function | None, ...] | None = field(default=None, repr=False)
    varies: tuple[Function, ...] | None = field(default=None, repr=False)
    written_out: Function | None = field(default=None, repr=False)

    @property
    def spelling(self) -> str:
        """What a loss calls it."""
        return f"{self.module}.{self.name}"

    def __copy__(self) -> Primitive:
        return self

    def __deepcopy__(self, memo: Any) -> Primitive:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the name: another object would be another primitive."""
        from gradmethods.xp.primitives import TABLE, get_primitive

        if TABLE.get(self.name) is not self:
            raise PicklingError(f"{self.name} is a primitive of programs, which are made again.")
        return get_primitive, (self.name,)


def unary(
    name: str,
    *,
    vjp: Function | None = None,
    jvp: Function | None = None,
    slope: Function | None = None,
    numpy: Function | None = None,
    radius: Function | None = None,
    varies: Function | None = None,
    behaviour: Behaviour = Behaviour.NONE,
    **fields: Any,
) -> Primitive:
    """Make the entry of a smooth function of one number."""
    return _elementwise(
        name,
        numpy,
        Kind.SMOOTH,
        1,
        vjp=vjp and (vjp,),
        jvp=jvp and (jvp,),
        slopes=slope and (slope,),
        radius=radius and (radius,),
        varies=varies and (varies,),
        behaviour=behaviour,
        **fields,
    )


def binary(name: str, *, numpy: Function | None = None, **fields: Any) -> Primitive:
    """Make the entry of a smooth function of two numbers."""
    return _elementwise(name, numpy, Kind.SMOOTH, 2, **fields)


def choice(name: str, *, arity: int, **fields: Any) -> Primitive:
    """Make the entry of a function that passes on one of several values."""
    return _elementwise(name, None, Kind.CHOICE, arity, **fields)


def step(name: str, *, numpy: Function | None = None, arity: int = 1, **fields: Any) -> Primitive:
    """Make the entry of a step: it does not vary, but depends on parameters."""
    function = numpy or getattr(np, name)

    def by_real_parts(cx: Any, *operands: Any) -> Any:
        real = function(*map(np.real, operands))
        return cx.join(real, np.zeros_like(real))

    return _elementwise(
        name,
        function,
        Kind.STEP,
        arity,
        vjp=FLAT,
        jvp=FLAT,
        complex=by_real_parts,
        behaviour=Behaviour.EXACT,
        **fields,
    )


def condition(name: str, kind: Kind, arity: int, *, sympy: Function) -> Primitive:
    """Make the entry of what returns conditions, which have no derivative."""
    function = getattr(np, name)
    return _elementwise(
        name,
        function,
        kind,
        arity,
        vjp=FLAT,
        jvp=FLAT,
        sympy=sympy,
        complex=lambda cx, *operands: function(*map(np.real, operands)),
    )


def _elementwise(
    name: str, function: Function | None, kind: Kind, arity: int, **fields: Any
) -> Primitive:
    function = function or getattr(np, name)
    return Primitive(name, function, elementwise_shape, count_result, kind, arity, **fields)


def matrix(name: str, function: Function, shape: Callable[..., Shape], **fields: Any) -> Primitive:
    """Make the entry of a function of whole matrices."""
    return Primitive(name, function, shape, kind=Kind.MATRIX, **fields)


def move(
    name: str,
    function: Function,
    shape: Callable[..., Shape],
    *,
    aliases: bool = True,
    behaviour: Behaviour,
    **fields: Any,
) -> Primitive:
    """Make the entry of what moves entries, in complex arrays as in real ones."""
    fields = {"complex": lambda cx, *operands, **static: function(*operands, **static)} | fields
    return Primitive(
        name, function, shape, count_nothing, Kind.MOVE, 0, aliases, behaviour=behaviour, **fields
    )
