"""Every smooth function that works entry by entry, once more, in mpmath's numbers: one row each.

A row of a function makes its cases: its values and slopes in every method, its complex form, the
ends of its domain, huge and tiny numbers, and its part in random programs. To add a function to the
suite, add its row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types

from gradmethods import special
from gradmethods.xp.primitives import TABLE

REAL = (-1.7, -0.3, 0.4, 2.1)
POSITIVE = (1e-3, 0.4, 2.1, 37.0)
UNIT = (-0.95, -0.3, 1e-9, 0.6)
ABOVE_ONE = (1.001, 1.7, 40.0)
DOMAINS = ("real", "positive", "nonzero", "above -1", "unit", "angle", "above one")


@dataclass(frozen=True)
class Unary:
    """A function of one number.

    Attributes
    ----------
    value : callable
        Of a number, real or complex.
    slope : callable
        Of a real number.
    points : tuple of float
        At which the complex form is compared.
    domain : str
        Of the operands in random cases: one of `DOMAINS`.
    outside : float or None
        A number for which there is no value.
    inside : callable
        Says whether there is a value.
    """

    value: Callable[[Any], Any]
    slope: Callable[[Any], Any]
    points: tuple[float, ...] = REAL
    domain: str = "real"
    outside: float | None = None
    inside: Callable[[Any], bool] = lambda x: True


@dataclass(frozen=True)
class Binary:
    """A function of two numbers: its value, both slopes (None where no case is made of them)."""

    value: Callable[[Any, Any], Any]
    slopes: Callable[[Any, Any], tuple[Any, Any]] | None
    domain: str = "real"


def _mills(x: Any) -> Any:
    """Return the slope of log_ndtr; far out, its first term."""
    if abs(x) > 1e6:
        return -x if x < 0 else mp.mpf(0)
    return mp.sqrt(2 / mp.pi) * mp.exp(-x * x / 2) / mp.erfc(-x / mp.sqrt(2))


def _digamma(x: Any) -> Any:
    pole = x <= 0 and x == mp.floor(x)
    return mp.nan if pole else mp.digamma(x) if abs(x) < 1e100 else mp.log(x)


UNARY: dict[str, Unary] = {
    "negative": Unary(lambda z: -z, lambda x: -1),
    "square": Unary(lambda z: z * z, lambda x: 2 * x),
    "exp": Unary(mp.exp, mp.exp, (*REAL, 700.0, -700.0)),
    "expm1": Unary(mp.expm1, mp.exp, (*REAL, 1e-12, 700.0)),
    "sin": Unary(mp.sin, mp.cos),
    "cos": Unary(mp.cos, lambda x: -mp.sin(x)),
    "atan": Unary(mp.atan, lambda x: 1 / (1 + x * x), (*REAL, 1e-20, 1e20)),
    "sinh": Unary(mp.sinh, mp.cosh, (*REAL, 300.0)),
    "cosh": Unary(mp.cosh, mp.sinh, (*REAL, 300.0)),
    "tanh": Unary(mp.tanh, lambda x: mp.sech(x) ** 2, (*REAL, 20.0, -300.0)),
    "asinh": Unary(mp.asinh, lambda x: 1 / mp.sqrt(1 + x * x), (*REAL, 1e-20, -1e10)),
    "sqrt": Unary(
        mp.sqrt,
        lambda x: 1 / (2 * mp.sqrt(x)),
        (1e-200, *POSITIVE),
        "positive",
        -0.7,
        lambda x: bool(x >= 0),
    ),
    "log": Unary(
        mp.log,
        lambda x: 1 / x,
        (*POSITIVE, 1 + 1e-10),
        "positive",
        -0.7,
        lambda x: bool(x >= 0),
    ),
    "log2": Unary(
        lambda z: mp.log(z) / mp.log(2),
        lambda x: 1 / (x * mp.log(2)),
        POSITIVE,
        "positive",
        -0.7,
        lambda x: bool(x >= 0),
    ),
    "log10": Unary(
        lambda z: mp.log(z) / mp.log(10),
        lambda x: 1 / (x * mp.log(10)),
        POSITIVE,
        "positive",
        -0.7,
        lambda x: bool(x >= 0),
    ),
    "reciprocal": Unary(lambda z: 1 / z, lambda x: -1 / x**2, (*REAL, 1e160, 1e-160), "nonzero"),
    "log1p": Unary(
        mp.log1p,
        lambda x: 1 / (1 + x),
        (-0.9, -1e-15, 1e-15, 3.0, 1e200),
        "above -1",
        -1.7,
        lambda x: bool(x >= -1),
    ),
    "asin": Unary(
        mp.asin,
        lambda x: 1 / mp.sqrt(1 - x * x),
        UNIT,
        "unit",
        1.3,
        lambda x: bool(abs(x) <= 1),
    ),
    "acos": Unary(
        mp.acos,
        lambda x: -1 / mp.sqrt(1 - x * x),
        UNIT,
        "unit",
        -1.3,
        lambda x: bool(abs(x) <= 1),
    ),
    "atanh": Unary(
        mp.atanh, lambda x: 1 / (1 - x * x), UNIT, "unit", 1.3, lambda x: bool(abs(x) < 1)
    ),
    "tan": Unary(mp.tan, lambda x: mp.sec(x) ** 2, REAL, "angle"),
    "acosh": Unary(
        mp.acosh,
        lambda x: 1 / mp.sqrt(x * x - 1),
        ABOVE_ONE,
        "above one",
        0.7,
        lambda x: bool(x >= 1),
    ),
    "erf": Unary(
        mp.erf, lambda x: 2 * mp.exp(-x * x) / mp.sqrt(mp.pi), (*REAL, 1e-9, 1.0, -5.5, 30.0)
    ),
    "erfc": Unary(
        mp.erfc, lambda x: -2 * mp.exp(-x * x) / mp.sqrt(mp.pi), (*REAL, 1e-9, -1.0, 5.5, 20.0)
    ),
    "ndtr": Unary(lambda z: mp.erfc(-z / mp.sqrt(2)) / 2, mp.npdf, (*REAL, -1e-9, -8.5, 7.0)),
    "log_ndtr": Unary(
        # Not the logarithm of erfc, which turns more than once around 0.
        lambda z: mp.log(mp.erfc(-z / mp.sqrt(2)) * mp.exp(z * z / 2) / 2) - z * z / 2,
        _mills,
        (*REAL, -1.0, -40.0, 7.0),
    ),
    "gammaln": Unary(mp.loggamma, _digamma, (*POSITIVE, 1.3, 4.4, 9.7), "positive"),
    "digamma": Unary(mp.digamma, lambda x: mp.psi(1, x), (*POSITIVE, 1.3, 4.4, 9.7), "positive"),
}

BINARY: dict[str, Binary] = {
    "add": Binary(lambda z, w: z + w, lambda x, y: (1, 1)),
    "subtract": Binary(lambda z, w: z - w, lambda x, y: (1, -1)),
    "multiply": Binary(lambda z, w: z * w, lambda x, y: (y, x)),
    "logaddexp": Binary(
        lambda z, w: mp.log(mp.exp(z) + mp.exp(w)),
        lambda x, y: (1 / (1 + mp.exp(y - x)), 1 / (1 + mp.exp(x - y))),
    ),
    "divide": Binary(lambda z, w: z / w, lambda x, y: (1 / y, -x / y**2), "positive"),
    "pow": Binary(lambda z, w: mp.exp(w * mp.log(z)), None, "positive"),
    "hypot": Binary(
        lambda z, w: mp.sqrt(z * z + w * w),
        lambda x, y: (x / mp.hypot(x, y), y / mp.hypot(x, y)),
        "positive",
    ),
    "atan2": Binary(
        lambda y, x: -1j * mp.log((x + 1j * y) / mp.sqrt(x * x + y * y)),
        lambda y, x: (x / (x * x + y * y), -y / (x * x + y * y)),
        "positive",
    ),
    "remainder": Binary(
        lambda z, w: z - w * mp.floor(z.real / w.real),
        lambda x, y: (1, -mp.floor(x / y)),
        "positive",
    ),
    "xlogy": Binary(lambda z, w: z * mp.log(w), lambda x, y: (mp.log(y), x / y), "positive"),
}


def called(xp: Any, name: str) -> Callable[..., Any]:
    """Return the function of a name, of `xp` or of the module `special`."""
    function: Callable[..., Any] = getattr(special if TABLE[name].module == "special" else xp, name)
    return function
