"""Ways to call every function of `xp` inside a random program: one entry a function.

An entry writes statements through a `Writer` and returns the name of a value. Operands are asked
for by their domain; which they are, and their shapes, is chance. Here are element-wise functions
and selections; `program_arrays` adds those that see arrays as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gradmethods.xp.primitives import TABLE
from tests.smooth_functions import UNARY

FITS: dict[str, Callable[[Any], bool]] = {
    "any": lambda x: True,
    "real": lambda x: bool((abs(x) < 30).all()),
    "positive": lambda x: bool(((x > 0.05) & (x < 1e4)).all()),
    "nonzero": lambda x: bool(((abs(x) > 0.05) & (abs(x) < 1e4)).all()),
    "above -1": lambda x: bool(((x > -0.9) & (x < 1e4)).all()),
    "unit": lambda x: bool((abs(x) < 0.95).all()),
    "angle": lambda x: bool((abs(x) < 1.4).all()),
    "above one": lambda x: bool(((x > 1.05) & (x < 1e4)).all()),
}
MAPS: dict[str, tuple[str, ...]] = {
    "real": ("xp.tanh({x})", "xp.atan({x})", "2 * xp.sin({x})", "xp.asinh({x})"),
    "positive": (
        "{x} * {x} + 0.375", "xp.exp({x} * 0.25)", "xp.abs({x}) + 0.25", "1.25 + xp.sin({x})",
        "xp.hypot({x}, 0.5)", "xp.cosh({x} * 0.5)",
    ),
    "nonzero": ("{x} * {x} + 0.5", "-1.5 - xp.cos({x})", "xp.exp(-{x} * 0.25)"),
    "above -1": ("xp.exp({x} * 0.25) - 0.5", "xp.tanh({x}) * 0.75", "xp.square({x})"),
    "unit": ("xp.tanh({x}) * 0.875", "xp.sin({x}) * 0.75", "{x} / (1 + xp.abs({x}) * 1.25)"),
    "angle": ("xp.atan({x}) * 0.75", "xp.tanh({x})"),
    "above one": ("{x} * {x} + 1.25", "xp.cosh({x} * 0.5) + 0.125"),
}  # fmt: skip
"""By the domain of values: whether some are in it, and what makes such values of others."""

WAYS: dict[str, Any] = {}

STEPS = "sign floor ceil trunc round"
FINITE = "isfinite isinf isnan"
COMPARISONS = {
    "less": "<", "less_equal": "<=", "greater": ">", "greater_equal": ">=", "equal": "==",
    "not_equal": "!=",
}  # fmt: skip
ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "**": "pow"}
LOGIC = {"&": "logical_and", "|": "logical_or", "^": "logical_xor"}


def way(name):
    def register(function):
        WAYS[name] = function
        return function

    return register


def _unary(name, domain):
    return lambda w: w.emit(f"xp.{name}({w.operand(domain)})")


for _name, _row in UNARY.items():
    if TABLE[_name].module == "xp":
        WAYS[_name] = _unary(_name, _row.domain)
for _name in ("abs", "positive"):
    WAYS[_name] = _unary(_name, "real")
for _name in STEPS.split():
    WAYS[_name] = lambda w, f=_name: w.emit(f"{(x := w.real())} * xp.{f}({w.scale(x)}) + {x}")
for _name in FINITE.split():
    WAYS[_name] = lambda w, f=_name: w.emit(
        f"xp.where(xp.{f}({(x := w.real())}), {x} * 1.5, {w.like(x)})"
    )


def mask(w, kind=""):
    """Write a condition on values: of the parameters, or of the data."""
    x = w.operand("any")
    symbol = kind or w.pick(("<", "<=", ">", ">=", "!=", "=="))
    level = w.pick((w.entry(x), w.number(), w.number(), "0", w.mate(x)))
    name = next(n for n, s in COMPARISONS.items() if s == symbol)
    return w.emit(w.pick((f"{x} {symbol} {level}", f"xp.{name}({x}, {level})")))


for _name, _symbol in COMPARISONS.items():
    WAYS[_name] = lambda w, s=_symbol: w.choose(mask(w, s))
for _symbol, _name in LOGIC.items():
    WAYS[_name] = lambda w, f=_name: w.choose(
        w.emit(f"xp.{f}({mask(w)}, {w.pick((mask, _numbers))(w)})")
    )
    WAYS[f"operator {_symbol}"] = lambda w, s=_symbol: w.choose(w.emit(f"{mask(w)} {s} {mask(w)}"))
WAYS["operator ~"] = lambda w: w.choose(w.emit(f"~{mask(w)}"))
WAYS["logical_not"] = lambda w: w.choose(w.emit(f"xp.logical_not({w.pick((mask, _numbers))(w)})"))


def _numbers(w):
    return w.operand("any")


DOMAINS = {
    "divide": ("real", "nonzero"),
    "pow": ("positive", "real"),
    "atan2": ("real", "positive"),
}


def _binary(name, pattern):
    def write(w):
        first, second = DOMAINS.get(name, ("real", "real"))
        if name == "pow" and w.chance(0.5):
            x = w.operand("real" if w.chance(0.6) else "positive")
            power = w.pick(("2", "3", "0", "1", "-1", "0.5", "2.0", "-2", "1.5", "4", "np.int8(3)"))
            if power in ("0.5", "1.5", "-1", "-2"):
                x = w.operand("positive")
            return w.emit(pattern.format(x, power))
        a = w.operand(first)
        b = w.pick((w.mate(a, second), w.mate(a, second), w.operand(second), w.constant(second)))
        if name in ("logaddexp", "maximum", "minimum") and w.chance(0.15):
            b = a
        if w.chance(0.35) and first == second:
            a, b = b, a
        if name == "pow" and w.chance(0.3):
            a = w.constant("positive")
        if a[0].isdigit() and b[0].isdigit():
            a = w.real(first)
        return w.emit(pattern.format(a, b))

    return write


for _name in ("add", "subtract", "multiply", "divide", "pow", "hypot", "atan2", "logaddexp",
              "maximum", "minimum"):  # fmt: skip
    WAYS[_name] = _binary(_name, f"xp.{_name}({{}}, {{}})")
for _symbol, _name in ARITHMETIC.items():
    WAYS[f"operator {_symbol}"] = _binary(_name, f"{{}} {_symbol} {{}}")
WAYS["operator -x"] = lambda w: w.emit(f"-{w.operand()}")
WAYS["operator +x"] = lambda w: w.emit(f"+{w.operand()}")
WAYS["operator abs"] = lambda w: w.emit(f"abs({w.operand()})")


# -- selections, with branches that are not selected


@way("where")
def _where(w):
    x = w.real("any")
    return w.emit(
        f"xp.where({w.pick((mask(w), w.operand('any')))}, {x}, {w.pick((w.mate(x), w.number()))})"
    )


@way("clip")
def _clip(w):
    x = w.operand("any")
    low, high = w.pick((("-0.5", "0.75"), ("0", "1"), ("-1", w.mate(x)), (w.entry(x), "2.5")))
    text = w.pick((f"{low}, {high}", f"min={low}", f"max={high}", f"{low}, None"))
    return w.emit(f"xp.clip({x}, {text})")


TRAPS = (
    "xp.where({x} > 0, xp.log({x}), {x} * 0.5)",
    "xp.where({x} > 0, xp.sqrt({x}), 0.0)",
    "xp.where({x} >= 0.25, {x} ** 1.5, -{x})",
    "xp.where({x} < 1, {x}, xp.exp(800 * {x}))",
    "xp.log(xp.maximum({x}, 0.125)) + {x}",
    "xp.sqrt(xp.where({x} > 0.25, {x}, 1.0)) * {x}",
    "xp.where({x} == 0, 1.0, xp.sin({x}) / {x})",
    "xp.acos(xp.clip({x}, -1, 1)) + {x}",
    "xp.where(xp.abs({x}) < 1, xp.atanh({x}), {x})",
    "xp.where({x} > 1, xp.acosh({x}), {x} * {x})",
    "xp.where(xp.isnan(xp.log({x})), {x}, xp.log1p(xp.abs({x})))",
    "xp.where({m}, 1 / ({x} - {e}), {x})",
    "xp.where({m}, xp.sqrt({x} - {e}), {x})",
    "xp.where({x} > {e}, xp.sqrt({x} - {e}), {x})",
    "xp.where({x} > {e}, xp.log({x} - {e}), 2 * {x})",
    "xp.sqrt(xp.maximum({x} - {e}, 0.0625)) + xp.minimum(1 / xp.where({m}, {x}, 0.0), 3.0)",
    "xp.linalg.vector_norm(xp.where({m}, {x}, 0.0), axis=None)",
    "xp.tril(xp.log({x} * {x})) if {x}.ndim > 1 else {x}",
    "xp.where({x} > 0, xp.tan({x}), xp.reciprocal({x}))",
    "xp.where(xp.isnan({h}), 0.0, {x} - {h})",
    "xp.sum(xp.where(xp.isfinite({h}), ({x} - {h}) ** 2, 0.0))",
    "xp.where({m}, xp.exp({x} - xp.where({m}, {x}, -xp.inf)), {x})",
    "xp.log(xp.sum(xp.exp(xp.where({m}, {x}, -xp.inf))) + 0.5)",
    "xp.where({x} * {x} < 1e-8, {x} * 0.5, xp.sin(xp.sqrt({x} * {x})) / xp.sqrt({x} * {x}))",
    "{x} / xp.where({m}, xp.linalg.vector_norm({x} - {e}), 1.0)",
    "xp.maximum(xp.log(xp.abs({x})), -3.0) * xp.where({m}, xp.abs({x}) ** 0.5, 1.0)",
)


@way("unselected branches")
def _trap(w):
    x = w.real("any")
    text = w.pick(TRAPS)
    if "{h}" in text:
        return w.emit(text.format(x=w.real("real"), h=w.pick(("d3", "k3"))))
    return w.emit(text.format(x=x, e=w.entry(x), m=mask(w)))


@way("astype")
def _astype(w):
    dtype = w.pick(("xp.float64", "xp.float32", "xp.float64"))
    if w.chance(0.6):
        made = w.pick((mask(w), w.known()))
        if w.chance(0.3) and made not in w.data:
            dtype = w.pick(("xp.int32", "xp.int64", "xp.bool"))
        return w.emit(f"{w.real()} * {w.emit(f'xp.astype({made}, {dtype})')}")
    return w.emit(f"xp.astype({w.operand()}, {dtype})")
