"""What values functions take in random programs, and what makes such values of any others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
