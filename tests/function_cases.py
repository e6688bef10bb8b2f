"""Cases of functions of arrays: order, margins and products, methods, special functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np

from gradmethods import special
from tests.cases import PAIRS, UNARY_SHAPES, Case, Shape


def orders() -> Iterator[Case]:
    axes: dict[Shape, tuple[Any, ...]] = {(1,): (0,), (4,): (0, -1), (2, 3): (0, 1), (0, 3): (0, 1)}
    for shape, choices in axes.items():
        for axis in choices:
            weights = np.arange(1.0, 1 + np.prod(shape)).reshape(shape)
            made: dict[str, Callable[..., Any]] = {
                "sort": lambda xp, x, w=weights, a=axis: w * xp.sort(x, axis=a),
                "argsort": lambda xp, x, w=weights, a=axis: (
                    w * (3 + xp.take_along_axis(x, xp.argsort(x, axis=a), axis=a))
                ),
            }
            for name, function in made.items():
                yield Case(name, function, (shape,), variant=f"axis={axis}")
            if 0 in shape:
                continue
            for name, keep in product(("argmax", "argmin"), (False, True)):
                yield Case(
                    name,
                    lambda xp, x, f=name, a=axis, k=keep: (
                        x * xp.max(getattr(xp, f)(x, axis=a, keepdims=k))
                        + xp.take_along_axis(x, getattr(xp, f)(x, axis=a, keepdims=True), axis=a)
                    ),
                    (shape,),
                    variant=f"axis={axis}{'-keepdims' if keep else ''}",
                )
    for name in ("argmax", "argmin"):
        yield Case(
            name, lambda xp, x, f=name: xp.reshape(x, (-1,))[getattr(xp, f)(x)] ** 2, ((2, 3),),
            variant="flat",
        )  # fmt: skip
    for side, shape in product(("left", "right"), ((), (3,), (2, 2))):
        yield Case(
            "searchsorted",
            lambda xp, x, s=side: x * xp.searchsorted(xp.asarray([-1.0, 0.1, 0.7]), x, side=s),
            (shape,),
            variant=side,
        )
    yield Case("count_nonzero", lambda xp, x: x * xp.count_nonzero(x, axis=0), ((2, 3),))


def paddings() -> Iterator[Case]:
    for mode, shape in product(
        ("constant", "edge", "reflect", "symmetric", "wrap"), ((3,), (2, 3))
    ):
        yield Case("pad", lambda xp, x, m=mode: xp.pad(x, (2, 1), m) ** 2, (shape,), variant=mode)
    for shape in ((), (2,), (2, 2)):
        yield Case(
            "pad", lambda xp, x, y: xp.pad(x, ((1, 1), (0, 2)), constant_values=y) ** 2,
            ((2, 3), shape), variant="parameter",
        )  # fmt: skip
    for shape, k in product(((3,), (1,), (3, 3), (2, 3)), (-1, 0, 2)):
        yield Case("diag", lambda xp, x, k=k: xp.diag(x, k) ** 2, (shape,), variant=str(k))
    pairs: tuple[tuple[Shape, Shape], ...] = (
        ((2,), (3,)), ((2, 2), (3, 1)), ((), (2,)), ((2,), (2, 2)), ((2, 1, 2), (2, 2)),
    )  # fmt: skip
    for a, b in pairs:
        yield Case("kron", lambda xp, x, y: xp.kron(x, y), (a, b))
    for subscripts, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 2)), ("i,i", (3,), (3,)), ("ii->i", (3, 3)), ("ij->", (2, 3)),
        ("ij->ji", (2, 3)), ("bij,bjk->bik", (2, 2, 3), (2, 3, 1)), ("i,j", (2,), (3,)),
        ("...i,...i->...", (2, 3), (3,)), ("ij,jk,kl->il", (2, 3), (3, 2), (2, 2)),
        ("ijj,j->i", (2, 3, 3), (3,)), ("ij,kj->", (2, 3), (2, 3)),
        ("ij,j,i->", (2, 3), (3,), (2,)),
        ("ii", (3, 3)), ("aij,aij->aij", (2, 1, 3), (2, 1, 3)), ("ij,j->ij", (0, 3), (3,)),
    ):  # fmt: skip
        yield Case(
            "einsum",
            lambda xp, *xs, s=subscripts: xp.einsum(s, *xs, optimize=len(xs) > 2), tuple(shapes),
            variant=str(subscripts),
        )  # fmt: skip
    for shape, axis in (((1,), 0), ((5,), None), ((2, 3), 0), ((2, 3), 1), ((0, 3), 1)):
        for initial in (False, True):
            yield Case(
                "cumulative_prod",
                lambda xp, x, a=axis, i=initial: xp.cumulative_prod(x, axis=a, include_initial=i),
                (shape,),
                variant=f"axis={axis}-{initial}",
            )
    yield Case(
        "diff", lambda xp, x: xp.diff(x, prepend=x[:1] * 2, append=0.7), ((3,),), variant="ends"
    )
    for pair in PAIRS:
        yield Case("copysign", lambda xp, a, b: xp.copysign(a, b), pair)
        yield Case("floor_divide", lambda xp, a, b: a * xp.floor_divide(a, b), pair, "positive")
    for shape in UNARY_SHAPES:
        yield Case("signbit", lambda xp, x: xp.where(xp.signbit(x), x * x, 3 * x), (shape,))
        yield Case("conj", lambda xp, x: xp.conj(x) * 2, (shape,))
        yield Case("real", lambda xp, x: xp.real(x) * 2, (shape,))
        yield Case("imag", lambda xp, x: x * x + xp.imag(x), (shape,))


def methods() -> Iterator[Case]:
    named: dict[str, Callable[..., Any]] = {
        "sum": lambda x: x.sum(0), "mean": lambda x: x.mean(axis=1), "max": lambda x: x.max(1),
        "min": lambda x: x.min(), "prod": lambda x: x.prod(axis=0), "std": lambda x: x.std(0),
        "var": lambda x: x.var(), "dot": lambda x: x.dot(x.T), "reshape": lambda x: x.reshape(3, 2),
        "ravel": lambda x: x.ravel() ** 2, "flatten": lambda x: x.flatten() ** 2,
        "transpose": lambda x: x.transpose() ** 2, "squeeze": lambda x: x[:1].squeeze(0) ** 2,
        "swapaxes": lambda x: x.swapaxes(0, 1) ** 2, "clip": lambda x: x.clip(-0.5, 0.8) * x,
        "cumsum": lambda x: x.cumsum(1), "cumprod": lambda x: x.cumprod(),
        "copy": lambda x: x.copy(),
        "astype": lambda x: x.astype(float) ** 2, "trace": lambda x: x.trace() * x,
        "diagonal": lambda x: x.diagonal() ** 2, "take": lambda x: x.take([2, 0], 1) ** 2,
        "repeat": lambda x: x.repeat(2, 0), "round": lambda x: x.round() * x,
        "argmax": lambda x: x * x.argmax(), "argmin": lambda x: x * x.argmin(axis=1, keepdims=True),
        "argsort": lambda x: x * x.argsort(0), "any": lambda x: x * (x > 1).any(),
        "all": lambda x: x * (x > -9).all(0), "conj": lambda x: x.conj() ** 2,
        "real": lambda x: x.real**2,
        "searchsorted": lambda x: x * (x[0] ** 2).cumsum().searchsorted(0.7),
    }  # fmt: skip
    for name, function in named.items():
        yield Case(f"x.{name}", lambda xp, x, f=function: f(x), ((2, 3),))


def specials() -> Iterator[Case]:
    for name in ("expit", "log_expit"):
        for shape in UNARY_SHAPES:
            yield Case(name, lambda xp, x, f=name: getattr(special, f)(3 * x), (shape,))
    for shape in UNARY_SHAPES:
        yield Case("logit", lambda xp, x: special.logit(x * x), (shape,), "unit")
    axes: dict[Shape, tuple[Any, ...]] = {
        (): (None,), (1,): (None, 0), (4,): (None, -1), (2, 3): (None, 0, 1, (0, 1)),
        (2, 1, 2): (1,),
    }  # fmt: skip
    for shape, choices in axes.items():
        for axis in choices:
            for name in ("softmax", "log_softmax"):
                yield Case(
                    name,
                    lambda xp, x, f=name, a=axis: getattr(special, f)(3 * x, axis=a),
                    (shape,),
                    variant=f"axis={axis}",
                )
            for keep in (False, True):
                yield Case(
                    "logsumexp",
                    lambda xp, x, a=axis, k=keep: special.logsumexp(3 * x, axis=a, keepdims=k),
                    (shape,),
                    variant=f"axis={axis}{'-keepdims' if keep else ''}",
                )
