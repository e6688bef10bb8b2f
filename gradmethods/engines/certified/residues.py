"""Numbers known twice: enclosed by a ball, and exactly by what they are modulo a prime.

No number of digits shows that two real numbers are equal. But a formula that is 0 as a formula, in
whatever its exponentials and logarithms may be, is 0 for any numbers put in their places: also for
random ones, modulo a large prime. If it is not 0 as a formula, then random numbers show it, but for
a chance of its degree divided by the prime.

So each number carries, beside its ball, a residue: exact fractions give theirs; sums, products and
quotients are taken modulo the prime; any other function gives a random residue, the same for the
same operand. Equal residues mean equal numbers.

Sources: J. T. Schwartz, Fast probabilistic algorithms for verification of polynomial identities,
Journal of the ACM 27 (1980) 701-717; G. H. Gonnet, Determining equivalence of expressions in random
polynomial time, Proceedings of STOC (1984) 334-341.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Any

from flint import arb, arb_mat, fmpz, fmpz_mat

from gradmethods.engines.certified.arrays import Objects, each, from_list
from gradmethods.engines.certified.numbers import parts

PRIME_BITS = 256
"""A program that squares a number 150 times over is still told apart, but for 1e-30."""

FUNCTIONS = (
    "sqrt", "rsqrt", "root", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "cot", "sec",
    "csc", "sin_pi", "cos_pi", "tan_pi", "sinc", "sinc_pi", "asin", "acos", "atan", "sinh", "cosh",
    "tanh", "coth", "sech", "csch", "asinh", "acosh", "atanh", "erf", "erfc", "erfi", "gamma",
    "lgamma", "digamma",
)  # fmt: skip
"""Arb's smooth functions of one number: what the entries of primitives may call."""


class Field:
    """A random prime, and random residues for the functions that are not rational."""

    def __init__(self) -> None:
        self.prime = _random_prime()
        self._key = secrets.token_bytes(32)
        self._powers: dict[int, int] = {}

    def random(self) -> int:
        """Return a residue that nothing else is related to."""
        return secrets.randbelow(self.prime - 1) + 1

    def named(self, name: str, *residues: Any) -> int:
        """Return the random residue of a function of residues."""
        text = f"{name} {residues}".encode()
        digest = hashlib.blake2b(text, key=self._key, digest_size=PRIME_BITS // 8 + 16)
        return int.from_bytes(digest.digest(), "big") % self.prime

    def of(self, ball: arb) -> int:
        """Return the residue of an exact ball; one that is not finite has none to rely on."""
        if not ball.is_finite():
            return self.random()
        mantissa, exponent = parts(ball)
        if not ball.is_exact():  # a constant of the functions, such as log 2
            return self.named("constant", mantissa, exponent)
        if exponent not in self._powers:
            self._powers[exponent] = pow(2, exponent, self.prime)
        return mantissa * self._powers[exponent] % self.prime


def _random_prime() -> int:
    while True:
        number = secrets.randbits(PRIME_BITS) | 1 << (PRIME_BITS - 1) | 1
        if fmpz(number).is_probable_prime():
            return number


class Number:
    """A number, as far as it depends on choices of which it is not decided how they fall.

    Attributes
    ----------
    ball : flint.arb
        Holds the number for one way in which the choices may fall together.
    hull : flint.arb
        Holds it for all ways.
    residue : int
        What it is modulo the prime, with random residues for the choices: so it depends on a choice
        unless that provably cancels.
    """

    __slots__ = ("ball", "field", "hull", "residue")

    def __init__(self, field: Field, ball: Any, residue: int, hull: Any = None) -> None:
        self.field, self.ball, self.residue = field, ball, residue
        self.hull = ball if hull is None else hull

    def of(self, other: Any) -> Number:
        """Return a number of the same field."""
        if isinstance(other, Number):
            return other
        ball = other if isinstance(other, arb) else arb(other)
        return Number(self.field, ball, self.field.of(ball))

    def _with(self, function: Callable[..., Any], residue: int, *others: Number) -> Number:
        numbers = (self, *others)
        ball = function(*(x.ball for x in numbers))
        if all(x.hull is x.ball for x in numbers):
            return Number(self.field, ball, residue)
        return Number(self.field, ball, residue, function(*(x.hull for x in numbers)))

    def named(self, name: str, function: Callable[..., Any], *others: Number) -> Number:
        """Apply a function that is not rational; a value that is exact is known all the same."""
        found = self._with(function, 0, *others)
        if found.hull.is_exact() and found.hull.is_finite():
            found.residue = self.field.of(found.hull)
        elif found.hull.is_finite():
            found.residue = self.field.named(name, *(x.residue for x in (self, *others)))
        else:
            found.residue = self.field.random()
        return found

    def __add__(self, other: Any) -> Number:
        y = self.of(other)
        residue = (self.residue + y.residue) % self.field.prime
        return self._with(lambda a, b: a + b, residue, y)

    def __sub__(self, other: Any) -> Number:
        y = self.of(other)
        residue = (self.residue - y.residue) % self.field.prime
        return self._with(lambda a, b: a - b, residue, y)

    def __mul__(self, other: Any) -> Number:
        y = self.of(other)
        residue = self.residue * y.residue % self.field.prime
        return self._with(lambda a, b: a * b, residue, y)

    def __truediv__(self, other: Any) -> Number:
        y, field = self.of(other), self.field
        if y.residue == 0:
            return self._with(lambda a, b: a / b, field.random(), y)
        residue = self.residue * pow(y.residue, -1, field.prime) % field.prime
        return self._with(lambda a, b: a / b, residue, y)

    def __pow__(self, other: Any) -> Number:
        return self.named("power", lambda a, b: a**b, self.of(other))

    def __neg__(self) -> Number:
        return self._with(lambda a: -a, -self.residue % self.field.prime)

    def __radd__(self, other: Any) -> Number:
        return self.of(other) + self

    def __rsub__(self, other: Any) -> Number:
        return self.of(other) - self

    def __rmul__(self, other: Any) -> Number:
        return self.of(other) * self

    def __rtruediv__(self, other: Any) -> Number:
        return self.of(other) / self

    def __abs__(self) -> Any:
        return abs(self.hull)

    def __lt__(self, other: Any) -> bool:
        return bool(self.hull < self.of(other).hull)

    def __gt__(self, other: Any) -> bool:
        return bool(self.hull > self.of(other).hull)

    def __eq__(self, other: object) -> bool:
        """Say whether two numbers are provably equal."""
        y = self.of(other)
        return self.residue == y.residue and bool(self.hull.overlaps(y.hull))

    __hash__ = None  # type: ignore[assignment]  # equal numbers may have unlike balls

    def atan2(self, x: Any) -> Number:
        """Return the angle of the point whose second coordinate this is."""
        return self.named("atan2", arb.atan2, self.of(x))

    def max(self, other: Any) -> Number:
        """Return the larger of two, of which it is not decided which that is."""
        y = self.of(other)
        return self._with(arb.max, self.residue if self == y else self.field.random(), y)

    def nonnegative_part(self) -> Number:
        """Cut what is below 0 off the balls of a number that is known not to be."""
        return self._with(arb.nonnegative_part, self.residue)

    def is_exact(self) -> bool:
        """Say that it is known well enough to be compared for equality."""
        return self.is_finite()

    def is_finite(self) -> bool:
        """Say whether all that it may be is finite."""
        return bool(self.hull.is_finite())

    def is_zero(self) -> bool:
        """Say whether it is 0 for certain."""
        return self.residue == 0 and bool(self.hull.contains(0))

    def is_integer(self) -> bool:
        """Say whether it is one whole number."""
        return bool(self.hull.is_integer())

    def unique_fmpz(self) -> Any:
        """Return the whole number that it is."""
        return self.hull.unique_fmpz()

    def mid(self) -> Any:
        """Return the middle of its ball."""
        return self.ball.mid()

    def str(self, digits: int) -> Any:
        """Write it."""
        return self.ball.str(digits)


def _of_one(name: str) -> Callable[..., Number]:
    method = getattr(arb, name)

    def function(x: Number, *options: int) -> Number:
        return x.named(f"{name}{options}", lambda ball: method(ball, *options))

    return function


for _name in FUNCTIONS:
    setattr(Number, _name, _of_one(_name))


def product(a: Objects, b: Objects) -> Objects:
    """Multiply matrices of numbers, by parts."""
    (m, k), (_, n) = a.shape, b.shape
    some = next(x for x in (*a.flat, *b.flat) if isinstance(x, Number))
    a, b = each(some.of, a), each(some.of, b)

    def of_balls(part: str) -> list[Any]:
        left, right = ([getattr(x, part) for x in y.flat] for y in (a, b))
        return list((arb_mat(m, k, left) * arb_mat(k, n, right)).entries())

    balls = of_balls("ball")
    single = all(x.hull is x.ball for y in (a, b) for x in y.flat)
    hulls = [None] * len(balls) if single else of_balls("hull")
    left, right = ([x.residue for x in y.flat] for y in (a, b))
    residues = (fmpz_mat(m, k, left) * fmpz_mat(k, n, right)).entries()
    prime = some.field.prime
    found = zip(balls, (int(x) % prime for x in residues), hulls, strict=True)
    return from_list([Number(some.field, *parts_) for parts_ in found], (m, n))
