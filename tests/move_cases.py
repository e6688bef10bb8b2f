"""Cases of functions that move entries of arrays, and of indexing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.cases import Case, Shape


def manipulations() -> Iterator[Case]:
    def case(
        name: str, function: Callable[..., Any], *shapes: Shape, variant: str = ""
    ) -> Iterator[Case]:
        for i, shape in enumerate(shapes):
            yield Case(name, function, (shape,), variant=f"{variant}{i}")

    yield from case("reshape", lambda xp, x: xp.reshape(x, (-1,)), (), (1,), (2, 3), (0, 3))
    yield from case("reshape", lambda xp, x: xp.reshape(x, (3, 2)), (6,), (2, 3), variant="to-32-")
    yield from case(
        "permute_dims", lambda xp, x: xp.permute_dims(x, (1, 0)), (2, 3), (1, 3), (0, 3)
    )
    yield from case(
        "permute_dims", lambda xp, x: xp.permute_dims(x, (2, 0, 1)), (2, 3, 1), variant="3"
    )
    yield from case(".T", lambda xp, x: x.T * np.arange(1.0, 3.0), (2, 3), (2, 2))
    yield from case(".mT", lambda xp, x: x.mT, (2, 3), (2, 2, 3))
    yield from case("matrix_transpose", lambda xp, x: xp.matrix_transpose(x), (2, 3), (2, 2, 3))
    yield from case("moveaxis", lambda xp, x: xp.moveaxis(x, 0, -1), (2, 3), (2, 3, 1))
    yield from case("expand_dims", lambda xp, x: xp.expand_dims(x, axis=0), (), (3,), (2, 3))
    yield from case("expand_dims", lambda xp, x: xp.expand_dims(x, axis=-1), (3,), variant="last")
    yield from case("squeeze", lambda xp, x: xp.squeeze(x, axis=0), (1,), (1, 3), (1, 2, 3))
    yield from case(
        "broadcast_to", lambda xp, x: xp.broadcast_to(x, (2, 3)), (), (3,), (1, 3), (2, 1)
    )
    yield from case("flip", lambda xp, x: xp.flip(x), (1,), (3,), (2, 3), (0, 3))
    yield from case("flip", lambda xp, x: xp.flip(x, axis=-1), (3,), (2, 3), variant="axis")
    yield from case("roll", lambda xp, x: xp.roll(x, 1), (1,), (3,), (2, 3), (0, 3))
    yield from case("roll", lambda xp, x: xp.roll(x, (-1, 2), axis=(0, 1)), (2, 3), variant="axes")
    yield from case("roll", lambda xp, x: xp.roll(x, -4, axis=0), (3,), (2, 3), variant="far")
    yield from case("repeat", lambda xp, x: xp.repeat(x, 2, axis=0), (1,), (3,), (2, 3))
    yield from case("repeat", lambda xp, x: xp.repeat(x, 2), (2, 3), variant="flat")
    yield from case("repeat", lambda xp, x: xp.repeat(x, [1, 0, 2]), (3,), variant="each")
    yield from case("tile", lambda xp, x: xp.tile(x, (2, 2)), (), (3,), (2, 3))
    yield from case("tile", lambda xp, x: xp.tile(x, (2,)), (2, 3), variant="short")
    yield from case("tril", lambda xp, x: xp.tril(x), (3, 3), (2, 3), (3, 2), (2, 2, 2))
    yield from case("tril", lambda xp, x: xp.tril(x, k=1), (3, 3), variant="k")
    yield from case("triu", lambda xp, x: xp.triu(x), (3, 3), (2, 3), (3, 2), (2, 2, 2))
    yield from case("triu", lambda xp, x: xp.triu(x, k=-1), (3, 3), variant="k")
    yield from case("diff", lambda xp, x: xp.diff(x), (3,), (2, 3), (1,))
    yield from case("unstack", lambda xp, x: xp.unstack(x)[0] * xp.unstack(x)[-1], (2,), (2, 3))
    pairs: list[tuple[Shape, Shape]] = [
        ((3,), (2,)),
        ((2, 3), (1, 3)),
        ((0, 3), (2, 3)),
        ((1,), (1,)),
    ]
    for a, b in pairs:
        yield Case("concat", lambda xp, x, y: xp.concat([x, y, x], axis=0), (a, b))
        yield Case("concat", lambda xp, x, y: xp.concat([x, y], axis=None), (a, b), variant="flat")
    for shape in ((), (1,), (2, 3)):
        yield Case("stack", lambda xp, x, y: xp.stack([x, y]), (shape, shape))
        yield Case(
            "stack", lambda xp, x, y: xp.stack([x, y], axis=-1), (shape, shape), variant="last"
        )
        yield Case("asarray", lambda xp, x, y: xp.asarray([x, 2 * y]), (shape, shape))
    spreads: list[tuple[Shape, Shape]] = [((2, 1), (3,)), ((), (2,))]
    for a, b in spreads:
        yield Case(
            "broadcast_arrays",
            lambda xp, x, y: xp.broadcast_arrays(x, y)[0] * xp.broadcast_arrays(x, y)[1],
            (a, b),
        )
    for indexing in ("xy", "ij"):
        yield Case(
            "meshgrid",
            lambda xp, x, y, i=indexing: (
                xp.meshgrid(x, y, indexing=i)[0] * xp.exp(xp.meshgrid(x, y, indexing=i)[1])
            ),
            ((2,), (3,)),
            variant=indexing,
        )


def indexing() -> Iterator[Case]:
    mask = np.array([True, False, True])
    keys: dict[str, tuple[Any, Any]] = {
        "integer": (0, ((3,), (2, 3), (1,))),
        "negative": (-1, ((3,), (2, 3))),
        "slice": (slice(1, None), ((3,), (2, 3), (0, 3))),
        "step": (slice(None, None, -2), ((4,), (3, 2))),
        "ellipsis": ((..., 0), ((3,), (2, 3))),
        "newaxis": ((None, slice(None), None), ((3,), (2, 3))),
        "both": ((1, slice(None, 2)), ((2, 3),)),
        "empty": (slice(0, 0), ((3,), (2, 3))),
        "tuple": ((), ((), (3,))),
        "list": ([0, 2, 2], ((3,), (3, 2))),
        "array": (np.array([[0, 1], [2, 0]]), ((3,), (3, 2))),
        "pairs": ((np.array([0, 1, 1]), np.array([2, 0, 0])), ((2, 3),)),
        "mixed": ((slice(None), np.array([2, 0, 2])), ((2, 3),)),
        "mask": (mask, ((3,), (3, 2))),
    }
    for label, (key, shapes) in keys.items():
        for shape in shapes:
            yield Case("getitem", lambda xp, x, k=key: x[k] * 1.5, (shape,), variant=label)
    for shape, axis in (((3,), None), ((3,), 0), ((2, 3), 1), ((3, 2), 0)):
        yield Case(
            "take",
            lambda xp, x, a=axis: xp.take(x, xp.asarray([2, 0, 0]), axis=a),
            (shape,),
            variant=f"axis={axis}",
        )
    yield Case(
        "take_along_axis",
        lambda xp, x: xp.take_along_axis(x, xp.asarray([[2, 0], [1, 1]]), axis=1),
        ((2, 3),),
    )
    for columns, axis, variant in (([[2], [0]], 1, "rows"), ([[1, 0, 1]], 0, "columns")):
        yield Case(
            "take_along_axis",
            lambda xp, x, c=columns, a=axis: xp.take_along_axis(x, xp.asarray(c), axis=a),
            ((2, 3),),
            variant=f"broadcast-{variant}",
        )
    yield Case("iteration", lambda xp, x: sum((i + 1) * row for i, row in enumerate(x)), ((3,),))
