"""More ways to call functions inside a random program: reductions, products, moves, creation."""

from __future__ import annotations

import numpy as np

from tests.program_ways import WAYS, mask, way

__all__ = ["WAYS"]

# -- reductions


def _axis(w, x, *, many=True):
    ndim = w.ndim(x)
    choices = ["None"] + [str(i) for i in range(-ndim, ndim)]
    if many and ndim > 1:
        choices += ["(0, -1)", "(1, 0)", "()"]
    return w.pick(choices)


def _keep(w):
    return ", keepdims=True" if w.chance(0.3) else ""


def _reduction(name, options=("",)):
    def write(w):
        x = w.operand(empty=name in ("sum", "prod"))
        return w.emit(f"xp.{name}({x}, axis={_axis(w, x)}{_keep(w)}{w.pick(options)})")

    return write


for _name, _options in {
    "sum": ("", "", "", ", dtype=xp.float64"),
    "prod": ("", "", ", dtype=xp.float64"),
    "mean": ("",),
    "max": ("",),
    "min": ("",),
    "var": ("", "", ", correction=1", ", correction=0.5"),
}.items():
    WAYS[_name] = _reduction(_name, _options)


@way("std")
def _std(w):
    x = w.real(least=2)
    return w.emit(f"xp.std({x}, axis={_axis(w, x)}{_keep(w)}{w.pick(('', ', correction=1'))})")


for _name in ("any", "all"):
    WAYS[_name] = lambda w, f=_name: w.choose(
        w.emit(
            f"xp.{f}({(m := w.pick((mask(w), w.operand('any'))))}, axis={_axis(w, m)}{_keep(w)})"
        )
    )


@way("cumulative_sum")
def _cumulative(w):
    x = w.operand(axes=1, empty=True)
    first = ", include_initial=True" if w.chance(0.3) else ""
    axis = "None" if w.ndim(x) == 1 and w.chance(0.5) else w.axis(x)
    return w.emit(f"xp.cumulative_sum({x}, axis={axis}{first})")


@way("linalg.vector_norm")
def _norm(w):
    x = w.operand()
    order = w.pick(("2", "2", "1", "3", "0.5", "-1", "np.inf", "-np.inf", "2.5", "0", "4"))
    return w.emit(f"xp.linalg.vector_norm({x}, axis={_axis(w, x)}, ord={order}{_keep(w)})")


@way("linalg.matrix_norm")
def _matrix_norm(w):
    return w.emit(f"xp.linalg.matrix_norm({w.operand(axes=2)})")


# -- products


def _product(pattern):
    def write(w):
        a, b = w.matrices()
        return w.emit(pattern.format(a, b))

    return write


WAYS["matmul"] = _product("xp.matmul({}, {})")
WAYS["operator @"] = _product("{} @ {}")
WAYS["linalg.matmul"] = _product("xp.linalg.matmul({}, {})")


def _vecdot(room):
    def write(w):
        a = w.operand(axes=1)
        b = w.pick((a, w.same(a)))
        return w.emit(f"xp.{room}vecdot({a}, {b}, axis={w.axis(a)})")

    return write


def _tensordot(room):
    def write(w):
        a = w.operand(axes=1)
        ndim = w.ndim(a)
        if w.chance(0.3):
            return w.emit(f"xp.{room}tensordot({a}, {w.operand()}, axes=0)")
        b = w.pick((a, w.same(a)))
        order = list(range(ndim))
        w.random.shuffle(order)
        axes = tuple(order[: w.random.randint(1, ndim)])
        return w.emit(f"xp.{room}tensordot({a}, {b}, axes=({axes}, {axes}))")

    return write


for _room in ("", "linalg."):
    WAYS[f"{_room}vecdot"] = _vecdot(_room)
    WAYS[f"{_room}tensordot"] = _tensordot(_room)
    WAYS[f"{_room}matrix_transpose"] = lambda w, r=_room: w.emit(
        f"xp.{r}matrix_transpose({w.operand(axes=2)})"
    )
    WAYS[f"{_room}outer"] = lambda w, r=_room: w.emit(
        f"xp.{r}outer(xp.reshape({w.operand()}, (-1,))[:4], xp.reshape({w.operand()}, (-1,))[:3])"
    )
    for _name in ("trace", "diagonal"):
        WAYS[f"{_room}{_name}"] = lambda w, r=_room, f=_name: w.emit(
            f"xp.{r}{f}({w.operand(axes=2, empty=True)}, offset={w.pick(('0', '1', '-1', '2'))})"
        )


# -- manipulations


@way("reshape")
def _reshape(w):
    x = w.operand(empty=True)
    return w.emit(f"xp.reshape({x}, {w.pick(w.reshapes(x))})")


@way("permute_dims")
def _permute(w):
    x = w.operand(axes=1, empty=True)
    order = list(range(w.ndim(x)))
    w.random.shuffle(order)
    return w.emit(f"xp.permute_dims({x}, {tuple(order)})")


WAYS[".T"] = lambda w: w.emit(f"{w.operand(empty=True)}.T")
WAYS[".mT"] = lambda w: w.emit(f"{w.operand(axes=2, empty=True)}.mT")
WAYS["moveaxis"] = lambda w: w.emit(
    f"xp.moveaxis({(x := w.operand(axes=1))}, {w.axis(x)}, {w.axis(x)})"
)
WAYS["expand_dims"] = lambda w: w.emit(
    f"xp.expand_dims({w.operand(empty=True)}, axis={w.pick(('0', '-1', '(0, -1)'))})"
)
WAYS["squeeze"] = lambda w: w.emit(
    f"xp.squeeze({w.emit(f'{w.operand()}[None, ..., None]')}, "
    f"axis={w.pick(('0', '-1', '(0, -1)'))})"
)


@way("broadcast_to")
def _broadcast_to(w):
    x = w.small()
    return w.emit(f"xp.broadcast_to({x}, {w.spread(x)})")


@way("broadcast_arrays")
def _broadcast_arrays(w):
    x = w.small()
    y = w.mate(x)
    i = w.random.randint(0, 1)
    return w.emit(f"xp.broadcast_arrays({x}, {y})[{i}] * xp.broadcast_arrays({x}, {y})[{1 - i}]")


@way("meshgrid")
def _meshgrid(w):
    x, y = (w.emit(f"xp.reshape({w.operand()}, (-1,))[:3]") for _ in range(2))
    order = w.pick(("'xy'", "'ij'"))
    return w.emit(
        f"xp.meshgrid({x}, {y}, indexing={order})[0] * xp.meshgrid({x}, {y}, indexing={order})[1]"
    )


@way("concat")
def _concat(w):
    x = w.operand(axes=1, empty=True)
    axis = "None" if w.chance(0.25) else w.axis(x)
    parts = ", ".join((x, w.pick((x, w.same(x))), *((w.same(x),) if w.chance(0.3) else ())))
    return w.emit(f"xp.concat([{parts}], axis={axis})")


WAYS["stack"] = lambda w: w.emit(
    f"xp.stack([{(x := w.operand())}, {w.pick((x, w.same(x)))}], axis={w.pick(('0', '-1'))})"
)
WAYS["asarray"] = lambda w: w.emit(
    w.pick(
        (
            f"xp.asarray([{(x := w.operand())}, {x} * 2])",
            f"xp.asarray([{w.entry(x)}, {w.entry(x)}, 1.5])",
            f"{w.real()} * xp.asarray({w.number()})",
            f"{w.entry(x)} * xp.asarray([0.5, 1.5, -2])",
        )
    )
)
WAYS["unstack"] = lambda w: w.emit(
    f"xp.unstack({(x := w.operand(axes=1))}, axis={(a := w.axis(x))})[0]"
    f" * xp.unstack({x}, axis={a})[-1]"
)
WAYS["flip"] = lambda w: w.emit(f"xp.flip({(x := w.operand(empty=True))}, axis={_axis(w, x)})")
WAYS["roll"] = lambda w: w.emit(
    f"xp.roll({(x := w.operand(empty=True))}, {w.pick(('1', '-1', '2', '-4'))}, "
    f"axis={_axis(w, x, many=False)})"
)
WAYS["repeat"] = lambda w: w.emit(
    f"xp.repeat({(x := w.small())}, 2, axis={_axis(w, x, many=False)})"
)
WAYS["tile"] = lambda w: w.emit(f"xp.tile({w.small()}, {w.pick(('2', '(2, 1)', '(1, 2)', '()'))})")
for _name in ("tril", "triu"):
    WAYS[_name] = lambda w, f=_name: w.emit(
        f"xp.{f}({w.operand(axes=2)}, k={w.pick(('0', '1', '-1'))})"
    )
WAYS["diff"] = lambda w: w.emit(
    f"xp.diff({(x := w.operand(axes=1))}, axis={w.axis(x)}, n={w.pick(('1', '1', '2', '0'))})"
)


# -- indexing


@way("getitem")
def _getitem(w):
    x = w.operand(axes=1)
    n = w.length(x)
    last = w.pick((", ...", "", ""))
    choices = [
        "0", "-1", "::-1", f"1:{last}", f":{max(n - 1, 1)}{last}", "...", "None", "..., 0",
        "..., ::-1",
        "..., ::2", f"np.array({[w.random.randrange(-n, n) for _ in range(3)]}){last}",
        f"np.array([[0, {n - 1}], [0, 0]])", "..., np.array([0, 0, -1])", "..., None", "0:0",
        f"np.array({[w.chance(0.6) for _ in range(n)]}){last}", f"{[0, n - 1, 0]}",
        f"{[w.chance(0.5) for _ in range(n)]}", "d2", "k2", "..., d2", "..., k2",
    ]  # fmt: skip
    if w.ndim(x) > 1:
        choices += [
            "0, ...", ":, 0", ":, ::-1", "..., 0, :", "np.array([0, 0]), np.array([0, -1])",
            "np.array([[0], [0]]), np.array([0, -1])", ":, np.array([0, 0])",
            "0, np.array([0, -1])", f"np.arange({n})[:, None] % 1, ..., 0", ":, None, 0",
            "np.array([0]), ..., None", "d2, ..., d2", "0, ..., k2", ":, d2", "None, k2",
        ]  # fmt: skip
        if w.chance(0.2):
            mask = (np.arange(w.value(x).size).reshape(w.shape(x)) % 2 == 0).tolist()
            return w.emit(f"{x}[np.array({mask})]")
    return w.emit(f"{x}[{w.pick(choices)}]")


@way("take")
def _take(w):
    x = w.operand(axes=1)
    if w.chance(0.4):
        where = w.pick(("np.array([[0, -1], [0, 0]])", "d2", "k2", f"d2, axis={w.axis(x)}"))
        return w.emit(f"xp.take({x}, {where})")
    axis = w.axis(x)
    n = w.shape(x)[int(axis)]
    where = [w.random.randrange(-n, n) for _ in range(w.random.randint(0, 4))]
    form = w.pick(("np.array({}, int)", "xp.asarray({}, dtype=xp.int64)", "{}"))
    return w.emit(f"xp.take({x}, {form.format(where)}, axis={axis})")


@way("take_along_axis")
def _take_along(w):
    x = w.operand(axes=1)
    axis = int(w.axis(x)) % w.ndim(x)
    shape = [2 if i == axis else w.pick((1, n)) for i, n in enumerate(w.shape(x))]
    n = w.shape(x)[axis]
    where = [w.random.randrange(-n, n) for _ in range(int(np.prod(shape)))]
    return w.emit(
        f"xp.take_along_axis({x}, np.array({where}).reshape({tuple(shape)}), axis={axis})"
    )


WAYS["iteration"] = lambda w: w.emit(
    f"sum((i + 1) * r for i, r in enumerate({(x := w.operand(axes=1))})) + 0 * {x}[0]"
)


# -- creation

CREATIONS = {
    "arange": ("{x} * xp.arange({n})", "{x} * xp.arange(1.5, {n} + 1.5)[:{n}]"),
    "eye": ("{x} @ xp.eye({n})", "{x}[..., None] * xp.eye({n}, 2, k=1)"),
    "linspace": ("{x} * xp.linspace(0.25, 1, {n})",),
    "ones": ("{x} + xp.ones((2, {n}))", "{x} * xp.ones({n}, dtype=xp.int64)"),
    "zeros": ("{x} * {x} + xp.zeros({n})", "xp.concat([{x}, xp.zeros({x}.shape)])"),
    "ones_like": ("{x} * (1 + xp.ones_like({x}))", "{x} - xp.ones_like({k})"),
    "zeros_like": ("xp.zeros_like({x}) - {x}", "{x} + xp.zeros_like({k})"),
    "full": ("xp.full({x}.shape, 1.5) * {x}", "xp.full((2, {n}), {e}) * {x}"),
    "full_like": ("xp.full_like({x}, 2.5) * {x}", "xp.full_like({x}, {e}) + {x}"),
    "constants": ("{pi} * {x} + 1", "xp.minimum({x}, xp.inf) * {pi}"),
}
for _name, _texts in CREATIONS.items():
    WAYS[_name] = lambda w, t=_texts: w.emit(
        w.pick(t).format(
            x=(x := w.real(axes=1)), n=w.shape(x)[-1], e=w.entry(x), k=w.known(), pi=w.pi()
        )
    )
