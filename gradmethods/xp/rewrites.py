"""What to write instead of functions of NumPy and SciPy that a loss cannot use.

In the expressions `x` and `y` are the arguments, `w` are weights, `n` is a number, `arrays` are
several, and `special` is the module `gradmethods.special`. A test evaluates every expression and
compares it with the function.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection

import numpy as np

REWRITES: dict[str, str] = {
    # other names of functions that there are
    "absolute": "xp.abs(x)",
    "amax": "xp.max(x)",
    "amin": "xp.min(x)",
    "arccos": "xp.acos(x)",
    "arccosh": "xp.acosh(x)",
    "arcsin": "xp.asin(x)",
    "arcsinh": "xp.asinh(x)",
    "arctan": "xp.atan(x)",
    "arctan2": "xp.atan2(x, y)",
    "arctanh": "xp.atanh(x)",
    "array": "xp.asarray(x)",
    "around": "xp.round(x)",
    "average": "xp.sum(w * x) / xp.sum(w)",
    "concatenate": "xp.concat(arrays)",
    "cumsum": "xp.cumulative_sum(x, axis=0)",
    "dot": "x @ y",
    "fabs": "xp.abs(x)",
    "fix": "xp.trunc(x)",
    "float_power": "x ** y",
    "identity": "xp.eye(n)",
    "inner": "xp.vecdot(x, y)",
    "power": "xp.pow(x, y)",
    "ravel": "xp.reshape(x, (-1,))",
    "rint": "xp.round(x)",
    "swapaxes": "xp.permute_dims(x, (1, 0))",
    "transpose": "xp.permute_dims(x, (1, 0))",
    "true_divide": "x / y",
    "vdot": "xp.vecdot(x, y)",
    "matvec": "x @ y",
    "vecmat": "x @ y",
    # joining and cutting
    "append": "xp.concat([x, y])",
    "column_stack": "xp.stack(arrays, axis=1)",
    "hstack": "xp.concat(arrays, axis=0)",
    "vstack": "xp.stack(arrays)",
    "split": "[x[i : i + n] for i in range(0, x.shape[0], n)]",
    "array_split": "[x[i : i + n] for i in range(0, x.shape[0], n)]",
    "atleast_1d": "xp.reshape(x, (-1,))",
    "rot90": "xp.flip(xp.permute_dims(x, (1, 0)), axis=0)",
    # choosing
    "choose": "xp.where(x > 0, y, x)",
    "piecewise": "xp.where(x > 0, y, x)",
    "select": "xp.where(x > 0, y, x)",
    # products
    "polyval": "xp.sum(x * y ** xp.arange(x.shape[0] - 1, -1, -1))",
    "vander": "x[:, None] ** xp.arange(x.shape[0] - 1, -1, -1)",
    "convolve": (
        "sum(xp.concat([xp.zeros(i), x * y[i], xp.zeros(y.shape[0] - 1 - i)]) "
        "for i in range(y.shape[0]))"
    ),
    "cumprod": "xp.cumulative_prod(x, axis=0)",
    "cond": "xp.linalg.matrix_norm(x, ord=2) / xp.linalg.matrix_norm(x, ord=-2)",
    "lstsq": "xp.linalg.pinv(x) @ y",
    "trapezoid": "xp.sum((x[1:] + x[:-1]) / 2)",
    "trapz": "xp.sum((x[1:] + x[:-1]) / 2)",
    # element-wise
    "cbrt": "xp.sign(x) * xp.abs(x) ** (1 / 3)",
    "deg2rad": "x * (xp.pi / 180)",
    "degrees": "x * (180 / xp.pi)",
    "divmod": "x // y, x % y",
    "exp2": "2.0 ** x",
    "fmax": "xp.maximum(x, y)",
    "fmin": "xp.minimum(x, y)",
    "ediff1d": "x[1:] - x[:-1]",
    "fmod": "x - y * xp.trunc(x / y)",
    "heaviside": "xp.where(x > 0, 1.0, xp.where(x < 0, 0.0, y))",
    "isclose": "xp.abs(x - y) <= 1e-8 + 1e-5 * xp.abs(y)",
    "logaddexp2": "xp.log2(2.0 ** x + 2.0 ** y)",
    "mod": "x % y",
    "rad2deg": "x * (180 / xp.pi)",
    "radians": "x * (xp.pi / 180)",
    "sinc": "xp.where(x == 0, 1.0, xp.sin(xp.pi * x) / xp.where(x == 0, 1.0, xp.pi * x))",
    "interp": (
        "y[0] + xp.sum((y[1:] - y[:-1]) / (w[1:] - w[:-1]) * "
        "xp.clip(x[..., None] - w[:-1], 0.0, w[1:] - w[:-1]), axis=-1)"
    ),
    "conjugate": "x",
    # reductions
    "ptp": "xp.max(x) - xp.min(x)",
    "nansum": "xp.sum(xp.where(xp.isnan(x), 0.0, x))",
    "nanmean": "xp.sum(xp.where(xp.isnan(x), 0.0, x)) / xp.sum(xp.where(xp.isnan(x), 0.0, 1.0))",
    "nanmax": "xp.max(xp.where(xp.isnan(x), -xp.inf, x))",
    "nanmin": "xp.min(xp.where(xp.isnan(x), xp.inf, x))",
    "nan_to_num": "xp.where(xp.isnan(x), 0.0, x)",
    # of conditions
    "bitwise_and": "xp.logical_and(x > 0, y > 0)",
    "bitwise_invert": "xp.logical_not(x > 0)",
    "bitwise_not": "xp.logical_not(x > 0)",
    "bitwise_or": "xp.logical_or(x > 0, y > 0)",
    "bitwise_xor": "xp.logical_xor(x > 0, y > 0)",
    "invert": "xp.logical_not(x > 0)",
    # SciPy's and others'
    "sigmoid": "special.expit(x)",
    "relu": "xp.maximum(x, 0.0)",
    "softplus": "xp.logaddexp(x, 0.0)",
    "loggamma": "special.gammaln(x)",
    "psi": "special.digamma(x)",
    "betaln": "special.gammaln(x) + special.gammaln(y) - special.gammaln(x + y)",
    "factorial": "xp.exp(special.gammaln(x + 1))",
    "xlog1py": "x * xp.log1p(xp.where(x == 0, 0.0, y))",
    "entr": "-special.xlogy(x, x)",
    "rel_entr": "special.xlogy(x, x / y)",
}

NOTES: dict[str, str] = {
    "atleast_1d": "of a number or a vector",
    "bitwise_and": "of conditions",
    "bitwise_invert": "of a condition",
    "bitwise_not": "of a condition",
    "bitwise_or": "of conditions",
    "bitwise_xor": "of conditions",
    "append": "of vectors",
    "cbrt": "whose slope at 0 is infinite",
    "choose": "for a choice of two by a condition; nest it for more",
    "conjugate": "which is real here",
    "convolve": "of two vectors",
    "cumprod": "of a vector",
    "cumsum": "of a vector",
    "fmax": "where nothing is NaN",
    "fmin": "where nothing is NaN",
    "hstack": "of vectors; of matrices, xp.concat(arrays, axis=1)",
    "inner": "of vectors",
    "interp": "for np.interp(x, w, y)",
    "invert": "of a condition",
    "lstsq": "of matrices of full rank",
    "nan_to_num": "which leaves infinities; xp.clip limits them",
    "piecewise": "for a choice of two by a condition; nest it for more",
    "polyval": "of coefficients x at a number y",
    "rot90": "of a matrix, once",
    "select": "for a choice of two by a condition; nest it for more",
    "sinc": "as NumPy's, of π x",
    "split": "for parts of n entries",
    "array_split": "for parts of n entries",
    "swapaxes": "of a matrix",
    "transpose": "of a matrix; also x.T",
    "trapezoid": "at distances of 1",
    "trapz": "at distances of 1",
    "vander": "of a vector",
    "vdot": "of vectors",
    "vstack": "of vectors; of matrices, xp.concat(arrays, axis=0)",
}
"""The cases that an expression stands for, where these are not all that the function takes."""

PLAIN: dict[str, str] = {
    "shape": "x.shape",
    "ndim": "x.ndim",
    "size": "x.size",
    "euler_gamma": "np.euler_gamma",
    "tril_indices": "np.tril_indices(n)",
    "triu_indices": "np.triu_indices(n)",
    "diag_indices": "np.diag_indices(n)",
    "ix_": "np.ix_(rows, columns)",
    "logspace": "np.logspace(0, 1, n)",
    "geomspace": "np.geomspace(1, 10, n)",
    "zeros_like": "xp.zeros_like(x)",
}
"""Expressions for what a loss may ask of NumPy itself or of an array, and never differentiates."""


BY_VALUE = (
    "argpartition", "argwhere", "bincount", "digitize", "flatnonzero", "histogram", "median",
    "nonzero", "partition", "percentile", "quantile", "unique", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
)  # fmt: skip
"""Functions whose result is arranged by values that are not known while a loss is recorded."""

SPECIAL = (
    "digamma", "erf", "erfc", "expit", "gammaln", "log_expit", "log_ndtr", "log_softmax", "logit",
    "logsumexp", "ndtr", "softmax", "xlogy",
)  # fmt: skip
"""Functions of `gradmethods.special`, which stands above this room."""

IMPORTED = "of the module special: from gradmethods import special"

MATRICES = (
    "cholesky", "cross", "det", "eigh", "eigvalsh", "inv", "matrix_norm", "matrix_power",
    "matrix_rank", "multi_dot", "norm", "pinv", "qr", "slogdet", "solve", "svd", "svdvals",
    "vector_norm",
)  # fmt: skip
"""Functions that are under `xp.linalg` alone, as in NumPy."""

SYMMETRIC = {"eig": "eigh", "eigvals": "eigvalsh"}

OF_DATA = "Of data alone, compute it with NumPy beforehand and pass it as data"


def advice(name: str, known: Collection[str], prefix: str = "xp") -> str:
    """Say in one or two sentences what to write for `name`, where the `known` functions exist."""
    if name in known:
        return f"Write {prefix}.{name}."
    if name in MATRICES:
        return f"Write xp.linalg.{name}."
    if name in REWRITES or name in SPECIAL:
        text = f"special.{name}(x)" if name in SPECIAL else REWRITES[name]
        note = IMPORTED if "special." in text else NOTES.get(name)
        return f"Write {text}{f', {note}' if note else ''}."
    if name in PLAIN:
        return f"Write {PLAIN[name]}."
    if name in BY_VALUE:
        return (
            f"The result of {name} is arranged by values, which are not known here. {OF_DATA}; of "
            "parameters, write the loss without it: xp.sort, xp.argsort, xp.max, xp.where and "
            "indexing by integers are available."
        )
    slip = _slip(name, known)
    if slip:
        return f"Write {prefix}.{slip}."
    of = SYMMETRIC.get(name)
    small = f" Of symmetric matrices, write xp.linalg.{of}." if of else ""
    there = hasattr(np, name) or hasattr(np.linalg, name)
    call = "" if there else "call the function of the package that has it, and "
    return (
        f"There is no formula for it here.{small} {OF_DATA}; of parameters, write it with what xp "
        f"has, or {call}take finite differences of the loss in plain NumPy, with gm.Numerical()."
    )


def _slip(name: str, known: Collection[str]) -> str:
    """Return the function whose name was misspelt, "" if there is none: no other function."""
    if any(hasattr(place, name) for place in (np, np.linalg, np.ndarray)):
        return ""
    public = [other for other in known if not other.startswith("_")]
    near = difflib.get_close_matches(name, public, n=3, cutoff=0.4)
    most = SWAP if len(name) < 4 else 1 if len(name) < 6 else 2
    close = [other for other in near if _slips(name, other) <= most]
    fewest = min((_slips(name, other) for other in close), default=0)
    nearest = [other for other in close if _slips(name, other) == fewest]
    return nearest[0] if len(nearest) == 1 else ""  # of several, none is the one meant


SWAP = 0.5
"""How much two letters that changed places count, beside one too many or too few."""


def _slips(a: str, b: str) -> float:
    """Count the letters to insert, delete, replace or swap."""
    rows: list[list[float]] = [[*range(len(b) + 1)]]
    for i, x in enumerate(a, 1):
        row: list[float] = [i]
        for j, y in enumerate(b, 1):
            row.append(min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (x != y)))
            if i > 1 and j > 1 and (x, y) == (b[j - 2], a[i - 2]):
                row[-1] = min(row[-1], rows[-2][j - 2] + SWAP)
        rows.append(row)
    return rows[-1][-1]
