"""What to write instead of a NumPy name that a loss cannot use."""

from __future__ import annotations

import difflib
from collections.abc import Collection

INSTEAD = {
    "absolute": "xp.abs(x)",
    "amax": "xp.max(x)",
    "amin": "xp.min(x)",
    "arccos": "xp.acos(x)",
    "arccosh": "xp.acosh(x)",
    "arcsin": "xp.asin(x)",
    "arcsinh": "xp.asinh(x)",
    "arctan": "xp.atan(x)",
    "arctan2": "xp.atan2(y, x)",
    "arctanh": "xp.atanh(x)",
    "array": "xp.asarray(values)",
    "average": "xp.mean(weights * x)",
    "concatenate": "xp.concat(arrays)",
    "cumsum": "xp.cumulative_sum(x, axis=...)",
    "dot": "xp.matmul(x, y), x @ y or xp.vecdot(x, y)",
    "einsum": "xp.tensordot, xp.matmul or xp.vecdot",
    "fabs": "xp.abs(x)",
    "float_power": "xp.pow(x, y)",
    "hstack": "xp.concat(arrays, axis=1)",
    "inner": "xp.vecdot(x, y)",
    "bitwise_and": "xp.logical_and(a, b), of conditions",
    "bitwise_invert": "xp.logical_not(a), of a condition",
    "bitwise_or": "xp.logical_or(a, b), of conditions",
    "bitwise_xor": "xp.logical_xor(a, b), of conditions",
    "divmod": "xp.floor(x / y) and x - y * xp.floor(x / y)",
    "floor_divide": "xp.floor(x / y)",
    "invert": "xp.logical_not(a), of a condition",
    "mod": "x - y * xp.floor(x / y)",
    "remainder": "x - y * xp.floor(x / y)",
    "rint": "xp.round(x)",
    "nansum": "xp.sum(xp.where(xp.isnan(x), 0, x))",
    "norm": "xp.linalg.vector_norm(x)",
    "power": "xp.pow(x, y) or x ** y",
    "ravel": "xp.reshape(x, (-1,))",
    "swapaxes": "xp.permute_dims(x, axes)",
    "transpose": "xp.permute_dims(x, axes) or x.T",
    "true_divide": "xp.divide(x, y)",
    "vdot": "xp.vecdot(x, y)",
    "vstack": "xp.concat(arrays, axis=0)",
}

BY_VALUE = (
    "argmax", "argmin", "argsort", "argwhere", "digitize", "histogram", "median", "nonzero",
    "percentile", "quantile", "searchsorted", "sort", "unique", "unique_values",
)  # fmt: skip
"""Functions whose result is arranged by values that are not known while a loss is recorded."""


def advice(name: str, known: Collection[str], prefix: str = "xp") -> str:
    """Say in one sentence what to write for `name`, where the `known` functions exist."""
    if name in INSTEAD:
        return f"Write {INSTEAD[name]}."
    if name in BY_VALUE:
        return (
            f"Write the loss without {name}: its result is arranged by values, which are not known "
            "here; xp.max, xp.min, xp.where and indexing by integer data are available."
        )
    if name in known:
        return f"Write {prefix}.{name}."
    near = difflib.get_close_matches(name, known, n=1)
    return (
        f"Write {prefix}.{near[0]}."
        if near
        else "Write it with functions of the array API standard."
    )
