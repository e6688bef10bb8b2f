"""Every function that a loss can use × shapes: the cases behind test_primitives.py.

A case is a function of `xp` and operands with their shapes and domains. `each_function` makes
tests of a check: one for each function, which runs the check on all its cases. `python -m
tests.primitive_cases` prints how many cases each function has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any
from zlib import crc32

import numpy as np
import pytest

from tests.cases import DOMAINS, PAIRS, UNARY_SHAPES, Case, Shape
from tests.function_cases import methods, orders, paddings, specials
from tests.matrix_cases import matrices
from tests.move_cases import indexing, manipulations
from tests.samples import run_all
from tests.smooth_functions import BINARY, UNARY, called

__all__ = ["CASES", "DOMAINS", "Case", "by_function", "each_function"]

STEPS = "sign floor ceil trunc round"
COMPARISONS = "less less_equal greater greater_equal equal not_equal"


def elementwise() -> Iterator[Case]:
    domains = {name: row.domain for name, row in UNARY.items()} | {"abs": "real"}
    for (name, domain), shape in product(domains.items(), UNARY_SHAPES):
        yield Case(name, lambda xp, x, f=name: called(xp, f)(x), (shape,), domain)
    for name, shape in product(STEPS.split(), UNARY_SHAPES):
        yield Case(name, lambda xp, x, f=name: x * getattr(xp, f)(x), (shape,))
    domains = {name: row.domain for name, row in BINARY.items()}
    for name, domain in (domains | {"maximum": "real", "minimum": "real"}).items():
        for pair in PAIRS:
            yield Case(name, lambda xp, a, b, f=name: called(xp, f)(a, b), pair, domain)
        constant = np.array([0.7, 1.3, 1.9])
        for operand, label in ((1.7, "number"), (constant, "constant")):
            for shape in ((), (3,), (2, 3)):
                if label == "constant" and shape == ():
                    continue
                yield Case(
                    name,
                    lambda xp, x, f=name, c=operand: called(xp, f)(x, xp.asarray(c)),
                    (shape,),
                    domain,
                    f"right-{label}",
                )
                yield Case(
                    name,
                    lambda xp, x, f=name, c=operand: called(xp, f)(xp.asarray(c), x),
                    (shape,),
                    domain,
                    f"left-{label}",
                )


def operators() -> Iterator[Case]:
    constant = np.array([0.7, 1.3, 1.9])
    both = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
        "/": lambda a, b: a / b,
        "**": lambda a, b: a**b,
        "%": lambda a, b: a % b,
        "//": lambda a, b: a // b * b * a,
        "divmod": lambda a, b: divmod(a, b)[0] * a + divmod(a, b)[1],
    }
    for name, operator in both.items():
        for other, label in ((1.7, "float"), (2, "int"), (constant, "ndarray")):
            for shape in ((3,), (2, 3)):
                yield Case(
                    f"operator {name}",
                    lambda xp, x, f=operator, c=other: f(x, c),
                    (shape,),
                    "positive",
                    f"right-{label}",
                )
                yield Case(
                    f"operator {name}",
                    lambda xp, x, f=operator, c=other: f(c, x),
                    (shape,),
                    "positive",
                    f"left-{label}",
                )
    for exponent in (0, 1, 2, 3, -1, -2, 0.5, 2.0, 2.5):
        yield Case(
            "operator **", lambda xp, x, p=exponent: x**p, ((3,),), "positive", f"{exponent}"
        )
    for exponent in (0, 1, 2, 3, 2.0):
        # Powers at zero and of negative numbers are where careless rules give NaN.
        yield Case(
            "operator **",
            lambda xp, x, p=exponent: (x * np.array([0.0, -1.0, 1.0])) ** p,
            ((3,),),
            "positive",
            f"at-zero-{exponent}",
        )
    yield Case("operator -x", lambda xp, x: -x, ((2, 3),))
    yield Case("positive", lambda xp, x: xp.positive(x), ((2, 3),))
    yield Case("operator +x", lambda xp, x: +x, ((2, 3),))
    yield Case("operator abs", lambda xp, x: abs(x), ((2, 3),))
    for a, b in MATMULS:
        yield Case("operator @", lambda xp, x, y: x @ y, (a, b))
    matrix = np.array([[0.3, -0.7, 1.1], [0.9, 0.2, -1.3]])
    yield Case("operator @", lambda xp, x: matrix @ x, ((3, 2),), variant="left-ndarray")
    yield Case("operator @", lambda xp, x: x @ matrix, ((3, 2),), variant="right-ndarray")


def selections() -> Iterator[Case]:
    for name, pair in product(COMPARISONS.split(), PAIRS):
        yield Case(
            name, lambda xp, a, b, f=name: xp.where(getattr(xp, f)(a, b), a * b, a - b), pair
        )
    for pair in PAIRS:
        yield Case("where", lambda xp, a, b: xp.where(a > 0.1, a * a, b * 3), pair)
    for name in ("logical_and", "logical_or", "logical_xor"):
        for pair in PAIRS:
            yield Case(
                name,
                lambda xp, a, b, f=name: xp.where(getattr(xp, f)(a > 0, b < 0.5), a * b, b),
                pair,
            )
    for shape in UNARY_SHAPES:
        yield Case("logical_not", lambda xp, x: xp.where(xp.logical_not(x > 0), x * x, x), (shape,))
        for name in ("isfinite", "isinf", "isnan"):
            yield Case(
                name, lambda xp, x, f=name: xp.where(getattr(xp, f)(x), x * x, x * 3), (shape,)
            )
        yield Case("astype", lambda xp, x: x * x * xp.astype(x > 0, xp.float64), (shape,))
        yield Case(
            "operator ~ & | ^",
            lambda xp, x: xp.where(~(x > 0) & (x > -1), x**2, x),
            (shape,),
            variant="and",
        )
        yield Case(
            "operator ~ & | ^",
            lambda xp, x: xp.where((x > 1) | (x < -1), x**2, x),
            (shape,),
            variant="or",
        )
        yield Case(
            "operator ~ & | ^",
            lambda xp, x: xp.where((x > -1) ^ (x > 1), x**2, x),
            (shape,),
            variant="xor",
        )
        yield Case("clip", lambda xp, x: xp.clip(x, -0.5, 0.8) * x, (shape,), variant="both")
        yield Case("clip", lambda xp, x: xp.clip(x, min=-0.5) * x, (shape,), variant="min")
        yield Case("clip", lambda xp, x: xp.clip(x, max=0.8) * x, (shape,), variant="max")
        yield Case("boolean arithmetic", lambda xp, x: (x > 0) * x**2 + x, (shape,))
    for shape in ((3,), (2, 3)):
        yield Case(
            "any", lambda xp, x: xp.where(xp.any(x > 1, axis=-1), 2.0, 3.0) * x[..., 0], (shape,)
        )
        yield Case(
            "all", lambda xp, x: xp.where(xp.all(x > -1, axis=-1), 2.0, 3.0) * x[..., 0], (shape,)
        )


def reductions() -> Iterator[Case]:
    axes: dict[Shape, tuple[Any, ...]] = {
        (): (None,),
        (1,): (None, 0),
        (4,): (None, 0, -1),
        (2, 3): (None, 0, 1, (0, 1)),
        (2, 1, 3): (None, 1, -1, (0, 2)),
    }
    names = ("sum", "mean", "prod", "max", "min", "var", "std")
    for name, (shape, choices) in product(names, axes.items()):
        for axis, keep in product(choices, (False, True)):
            if name == "std" and np.empty(shape).size in (0, 1):
                continue  # the root of a variance of zero has no derivative
            if name == "std" and axis is not None and np.ndim(axis) == 0 and shape[axis] == 1:
                continue
            yield Case(
                name,
                lambda xp, x, f=name, a=axis, k=keep: getattr(xp, f)(x, axis=a, keepdims=k),
                (shape,),
                variant=f"axis={axis}{'-keepdims' if keep else ''}",
            )
    for name in ("sum", "prod"):
        for axis in (None, 0, 1):
            yield Case(
                name, lambda xp, x, f=name, a=axis: getattr(xp, f)(x, axis=a), ((0, 3),), "real",
                f"empty-axis={axis}",
            )  # fmt: skip
    for name in ("mean", "max", "min", "var"):
        yield Case(
            name, lambda xp, x, f=name: getattr(xp, f)(x, axis=1), ((0, 3),), "real", "empty-rows"
        )
    for name in ("var", "std"):
        yield Case(
            name, lambda xp, x, f=name: getattr(xp, f)(x, correction=1), ((4,),), "real", "ddof"
        )
    for count in range(6):
        yield Case(
            "prod", lambda xp, x: xp.prod(x * np.where(np.arange(x.shape[0]) == 1, 0.0, 1.0)),
            ((count,),), variant="with-zero",
        )  # fmt: skip
    for shape, axis in (((1,), 0), ((4,), None), ((2, 3), 0), ((2, 3), 1), ((0, 3), 1)):
        for initial in (False, True):
            yield Case(
                "cumulative_sum",
                lambda xp, x, a=axis, i=initial: xp.cumulative_sum(x, axis=a, include_initial=i),
                (shape,),
                variant=f"axis={axis}-{initial}",
            )
    for order in (1, 2, 3, -1, 0.5, np.inf, -np.inf):
        for axis in (None, 0):
            yield Case(
                "linalg.vector_norm",
                lambda xp, x, a=axis, o=order: xp.linalg.vector_norm(x, axis=a, ord=o),
                ((2, 3),),
                variant=f"ord={order}-axis={axis}",
            )
    yield Case("linalg.matrix_norm", lambda xp, x: xp.linalg.matrix_norm(x), ((2, 2, 3),))


MATMULS: tuple[tuple[Shape, Shape], ...] = (
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((2, 2, 3), (3, 2)),
    ((2, 3), (2, 3, 2)),
    ((2, 2, 3), (2, 3, 2)),
    ((2, 1, 2, 3), (3, 3, 2)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 2)),
    ((0, 3), (3, 2)),
    ((2, 0), (0, 3)),
)


def contractions() -> Iterator[Case]:
    for a, b in MATMULS:
        yield Case("matmul", lambda xp, x, y: xp.matmul(x, y), (a, b))
    for a, b, axes in (
        ((2, 3), (3, 2), 1),
        ((2, 3), (2, 3), 2),
        ((3,), (2,), 0),
        ((2, 3, 2), (3, 2), ((1, 0), (0, 1))),
        ((2, 3), (2, 2), ((0,), (1,))),
        ((), (2,), 0),
    ):
        yield Case(
            "tensordot",
            lambda xp, x, y, k=axes: xp.tensordot(x, y, axes=k),
            (a, b),
            variant=str(axes),
        )
    for a, b, axis in (
        ((3,), (3,), -1),
        ((2, 3), (2, 3), -1),
        ((2, 3), (3,), -1),
        ((2, 3), (2, 3), 0),
        ((2, 3), (2,), 0),
    ):
        yield Case(
            "vecdot",
            lambda xp, x, y, k=axis: xp.vecdot(x, y, axis=k),
            (a, b),
            variant=f"axis={axis}",
        )
        yield Case(
            "linalg.vecdot",
            lambda xp, x, y, k=axis: xp.linalg.vecdot(x, y, axis=k),
            (a, b),
            variant=f"axis={axis}",
        )
    for a, b in (((2,), (3,)), ((1,), (3,)), ((0,), (3,))):
        yield Case("outer", lambda xp, x, y: xp.outer(x, y), (a, b))
        yield Case("linalg.outer", lambda xp, x, y: xp.linalg.outer(x, y), (a, b))
    for shape, offset in product(((3, 3), (2, 4), (4, 2), (2, 3, 3), (1, 1)), (0, 1, -1, 5)):
        for name in ("trace", "diagonal"):
            yield Case(
                name, lambda xp, x, f=name, o=offset: getattr(xp, f)(x, o), (shape,),
                variant=f"{offset}",
            )  # fmt: skip
            yield Case(
                f"linalg.{name}",
                lambda xp, x, f=name, o=offset: getattr(xp.linalg, f)(x, offset=o),
                (shape,),
                variant=f"{offset}",
            )


def creations() -> Iterator[Case]:
    made: dict[str, Callable[..., Any]] = {
        "arange": lambda xp, x: x * xp.arange(3),
        "empty": lambda xp, x: x * x + xp.sum(xp.empty(0)),
        "empty_like": lambda xp, x: x * x + xp.sum(xp.empty_like(x)[:0]),
        "eye": lambda xp, x: x @ xp.eye(3),
        "tri": lambda xp, x: x @ xp.tri(3),
        "full": lambda xp, x: xp.full((2, 3), x[0]) * x,
        "full_like": lambda xp, x: xp.full_like(x, 2.5) * x,
        "linspace": lambda xp, x: x * xp.linspace(0.1, 0.9, 3),
        "ones": lambda xp, x: x + xp.ones((2, 3)),
        "ones_like": lambda xp, x: x * (1 + xp.ones_like(x)),
        "zeros": lambda xp, x: x * x + xp.zeros(3),
        "zeros_like": lambda xp, x: x * x + xp.zeros_like(x),
        "asarray constants": lambda xp, x: x * xp.asarray([0.1, 0.2, 0.3]),
        "constants": lambda xp, x: xp.pi * x + xp.e,
    }
    for name, function in made.items():
        yield Case(name, function, ((3,),))


def whole_matrices() -> Iterator[Case]:
    for case in matrices():
        yield Case(case.name, case.function, case.shapes, variant=case.variant)


CASES = [
    case
    for group in (
        elementwise,
        operators,
        selections,
        reductions,
        contractions,
        whole_matrices,
        manipulations,
        indexing,
        orders,
        paddings,
        methods,
        specials,
        creations,
    )
    for case in group()
]


def by_function(cases: Iterable[Case]) -> dict[str, list[Case]]:
    """Return the cases of each function, by its name."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(case.name, []).append(case)
    return groups


def each_function(
    check: Callable[[Case], None], cases: Iterable[Case] = CASES, every: int = 1
) -> Any:
    """Turn a check of one case into one test for each function; a failure names the case.

    A test for each case would cost more to collect, in every worker, than most checks take. Of an
    expensive check only one case in so many (`every`) of each function is run each time; the others
    are slow tests. Which ones is another choice for each check and function: no shape is left out.
    """
    groups: dict[str, list[Case]] = {}
    for name, found in by_function(cases).items():
        first = crc32(f"{check.__name__} {name}".encode()) % min(every, len(found))
        chosen = found[first::every]
        groups[name] = chosen
        if others := [case for case in found if case not in chosen]:
            groups[f"{name}, others"] = others
    marked = [
        pytest.param(name, marks=[pytest.mark.slow] * name.endswith(", others")) for name in groups
    ]

    def test(name: str) -> None:
        run_all(check, groups[name], lambda case: case.id)

    test.__doc__, test.__module__ = check.__doc__, check.__module__
    return pytest.mark.parametrize("name", marked)(test)


if __name__ == "__main__":
    for name, found in by_function(CASES).items():
        print(f"{name:24}{len(found):4}")  # noqa: T201  # a listing is what this script is for
    print(f"{'all':24}{len(CASES):4}")  # noqa: T201
