"""The decision that proves an equation."""

from __future__ import annotations

from typing import Any

import sympy


def vanishes(expr: Any) -> bool:
    """Prove that an expression is zero for all values of its symbols; False if it finds no proof.

    Every exponential (or other function) becomes a symbol of its own, innermost first, with
    exp(−k u) = 1/exp(u)ᵏ. What is left is a rational function; if the numerator of that expands to
    zero, the expression is zero whatever the functions are.

    Parameters
    ----------
    expr : sympy.Expr
        Of symbols, numbers, sums, products, integer powers and functions.

    Examples
    --------
    >>> z = sympy.Symbol("z", real=True)
    >>> s = 1 / (1 + sympy.exp(-z))
    >>> vanishes(sympy.diff(s, z) - s * (1 - s)), vanishes(sympy.diff(s, z) - s)
    (True, False)
    """
    functions: dict[Any, Any] = {}

    def rational(part: Any) -> Any:
        if not part.args:
            return part
        args = [rational(arg) for arg in part.args]
        if isinstance(part, sympy.exp):
            (exponent,) = args
            exponent = sympy.expand(exponent)
            sign = -1 if exponent.could_extract_minus_sign() else 1
            times, exponent = sympy.expand(sign * exponent).as_content_primitive()
            if not times.is_Integer:
                times, exponent = 1, times * exponent
            key = sympy.exp, exponent
            return functions.setdefault(key, sympy.Dummy(positive=True)) ** (sign * times)
        if isinstance(part, sympy.Function):
            return functions.setdefault((part.func, *args), sympy.Dummy(real=True))
        return part.func(*args)

    numerator, _ = sympy.fraction(sympy.together(rational(sympy.sympify(expr))))
    zero: bool = sympy.expand(numerator) == 0
    return zero
