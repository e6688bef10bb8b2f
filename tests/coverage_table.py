"""The table of functions × methods × shapes: each case is run, and held against a certificate.

`python -m tests.coverage_table` runs all of them, some minutes, and writes `docs/functions.md`;
with `--peers`, where those are installed, `docs/functions-of-peers.md`. What functions and shapes
there are, the cases behind the tests say; nothing here names one.
"""

from __future__ import annotations

import argparse
import multiprocessing
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import gradmethods as gm
from tests.primitive_cases import CASES, by_function

METHODS = {
    "backprop": "backprop",
    "forward": "forward",
    "complex step": "numerical:complex-step",
    "formulas": "analytical",
    "chain rule": "analytical:chain-rule",
}
PEERS = {name: name for name in ("torch", "jax", "autograd")}
OF_PEERS = (ArithmeticError, LookupError, NotImplementedError, RuntimeError, TypeError, ValueError)
"""What other packages raise, each as it likes."""

DOCS = Path("docs")
TOLERANCE = 1e-12
"""Error of a gradient, relative to its largest entry: these methods are exact but for rounding."""

HEAD = """# Functions that a loss can use

Written by `python -m tests.coverage_table`, which runs every function on every shape by every
method, and holds each gradient against the certified one, to 12 digits. `12` means that all 12
cases agree. Names without a prefix are functions of `xp` or of `gradmethods.special`; those with
`x.` are methods of arrays.

"""

HEAD_OF_PEERS = """# Functions that a loss can use with other packages

Written by `python -m tests.coverage_table --peers`: the same loss over `xp` through torch, JAX and
autograd, each gradient against the certified one, to 12 digits. What they refuse, or mean otherwise
than NumPy, stands below the table.

"""

STANDARD = (
    "arange", "asarray", "empty", "empty_like", "eye", "full", "full_like", "linspace",
    "meshgrid", "ones", "ones_like", "tril", "triu", "zeros", "zeros_like", "astype", "abs",
    "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "clip", "conj",
    "copysign", "cos", "cosh", "divide", "equal", "exp", "expm1", "floor", "floor_divide",
    "greater", "greater_equal", "hypot", "imag", "isfinite", "isinf", "isnan", "less",
    "less_equal", "log", "log1p", "log2", "log10", "logaddexp", "logical_and", "logical_not",
    "logical_or", "logical_xor", "maximum", "minimum", "multiply", "negative", "not_equal",
    "positive", "pow", "real", "reciprocal", "remainder", "round", "sign", "signbit", "sin",
    "sinh", "square", "sqrt", "subtract", "tan", "tanh", "trunc", "take", "take_along_axis",
    "matmul", "matrix_transpose", "tensordot", "vecdot", "broadcast_arrays", "broadcast_to",
    "concat", "expand_dims", "flip", "moveaxis", "permute_dims", "repeat", "reshape", "roll",
    "squeeze", "stack", "tile", "unstack", "argmax", "argmin", "count_nonzero", "searchsorted",
    "where", "argsort", "sort", "cumulative_prod", "cumulative_sum", "max", "mean", "min",
    "prod", "std", "sum", "var", "all", "any", "diff", "linalg.cholesky", "linalg.cross",
    "linalg.det", "linalg.diagonal", "linalg.eigh", "linalg.eigvalsh", "linalg.inv",
    "linalg.matrix_norm", "linalg.matrix_power", "linalg.matrix_rank", "linalg.outer",
    "linalg.pinv", "linalg.qr", "linalg.slogdet", "linalg.solve", "linalg.svd",
    "linalg.svdvals", "linalg.trace", "linalg.vecdot", "linalg.vector_norm",
)  # fmt: skip
"""The functions of the array API standard 2024.12, and of its linear algebra, that a loss can use.

Source: https://data-apis.org/array-api/2024.12/API_specification/. Without those on integers alone
or on devices, and those whose results have a shape that values decide: `REFUSED`."""

REFUSED = (
    "bitwise_and", "bitwise_left_shift", "bitwise_invert", "bitwise_or", "bitwise_right_shift",
    "bitwise_xor", "from_dlpack", "nextafter", "nonzero", "unique_all", "unique_counts",
    "unique_inverse", "unique_values",
)  # fmt: skip
"""The others of the standard, each refused with what to write instead."""


class Row(NamedTuple):
    """What came of one case: by method, nothing if it agrees, else the reason."""

    function: str
    shapes: str
    found: dict[str, str]


def judged(case: Any, methods: dict[str, str]) -> Row:
    """Run a case by every method."""
    problem = case.problem()
    shapes = ", ".join(str(shape) for shape in case.shapes)
    try:
        truth = gm.certified_gradient(problem)
    except gm.GradientError as error:
        return Row(case.name, shapes, {"certificate": brief(error)})
    largest = max(
        float(np.max(np.abs(x), initial=0.0))
        for x in problem.structure.check(truth.gradient).values()
    )
    found = {"certificate": ""}
    for column, name in methods.items():
        provider = gm.get_provider(name)
        if column in PEERS and (reason := provider.obstacle(problem)):
            found[column] = reason.split(". ")[0]
            continue
        try:
            gradient = provider.prepare(problem)(problem.params).gradient
        except (gm.GradientError, *OF_PEERS) as error:
            found[column] = brief(error)
            continue
        worst = max(float(np.max(np.abs(e), initial=0.0)) for e in truth.error(gradient).values())
        found[column] = "" if worst <= TOLERANCE * largest else f"off by {worst:.1e}"
    return Row(case.name, shapes, found)


def brief(error: Exception) -> str:
    """Return the first sentence of a reason, which names the function."""
    return str(error).split(". ")[0].split(": ")[-1]


def refusals() -> Iterator[str]:
    """Yield what is said to a loss that uses a function of the standard that is not there."""
    said: dict[str, list[str]] = {}
    for name in REFUSED:

        def loss(x: Any, *, xp: Any = np, name: str = name) -> Any:
            getattr(xp, name)
            return xp.sum(x)

        reason = str(gm.Backprop().obstacle(gm.Problem(loss, np.ones(2))))
        advice = reason.split(". ")[1].replace(f"of {name} ", "")
        said.setdefault(advice, []).append(f"`{name}`")
    for advice, names in said.items():
        yield f"- {', '.join(names)}: {advice}."


def written(rows: Iterable[Row], head: str, columns: list[str]) -> Iterator[str]:
    """Yield the lines of the table, and under it the reasons."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.function].append(row)
    yield head.rstrip("\n")
    yield ""
    yield f"| function | shapes | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 2) + "|"
    reasons: dict[str, list[str]] = defaultdict(list)
    for name, group in sorted(groups.items()):
        cells = []
        for column in columns:
            wrong = [row.found.get(column, "no certificate") for row in group]
            refused = [text for text in wrong if text]
            agree = len(group) - len(refused)
            cells.append(f"{agree}" if not refused else f"{agree} of {len(group)}")
            for text in dict.fromkeys(refused):
                if name not in reasons[text]:
                    reasons[text].append(name)
        shapes = list(dict.fromkeys(row.shapes for row in group))
        listed = "; ".join(shapes[:4]) + (f"; {len(shapes) - 4} more" if len(shapes) > 4 else "")
        yield f"| `{name.replace('|', chr(92) + '|')}` | {listed} | {' | '.join(cells)} |"
    yield ""
    total = sum(map(len, groups.values()))
    yield f"{len(groups)} functions, {total} cases."
    if reasons:
        yield ""
        yield "Where fewer agree than there are cases:"
        yield ""
        for text, names in reasons.items():
            yield f"- {', '.join(f'`{name}`' for name in names)}: {text}."
    if head == HEAD:
        yield ""
        yield "Functions of the array API standard that are not there, and what is said then:"
        yield ""
        yield from refusals()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--every", type=int, default=1, help="take every n-th case of a function")
    parser.add_argument("--peers", action="store_true", help="run the peers instead of our methods")
    parser.add_argument("--out", type=Path, default=DOCS, help="the folder of the table")
    options = parser.parse_args()
    cases = [case for group in by_function(CASES).values() for case in group[:: options.every]]
    run = _by_peers if options.peers else _by_methods
    with multiprocessing.Pool(options.jobs) as pool:
        rows = pool.map(run, [CASES.index(case) for case in cases], chunksize=16)
    if options.peers:
        name, text = "functions-of-peers.md", written(rows, HEAD_OF_PEERS, list(PEERS))
    else:
        name, text = "functions.md", written(rows, HEAD, ["certificate", *METHODS])
    (options.out / name).write_text("\n".join(text) + "\n")


def _by_methods(place: int) -> Row:
    return judged(CASES[place], METHODS)


def _by_peers(place: int) -> Row:
    return judged(CASES[place], PEERS)


if __name__ == "__main__":
    main()
