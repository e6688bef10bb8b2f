"""Ways to call functions that came later: the array standard's rest, special functions, methods.

Programs of the first generation of seeds do not know them, so that these stay what they are.
"""

from __future__ import annotations

from typing import Any

from tests.program_arrays import _axis, _keep
from tests.program_ways import mask

WAYS: dict[str, Any] = {}


def way(name, ways=WAYS):
    def register(function):
        ways[name] = function
        return function

    return register


for _name, _domain in {
    "erf": "real", "erfc": "real", "log_ndtr": "real", "ndtr": "real", "expit": "real",
    "log_expit": "real", "gammaln": "positive", "digamma": "positive",
}.items():  # fmt: skip
    WAYS[_name] = lambda w, f=_name, d=_domain: w.emit(
        w.pick(("special.{f}({x})", "special.{f}({x} * 3)", "special.{f}({x}) * {x}")).format(
            f=f, x=w.operand(d)
        )
    )
WAYS["logit"] = lambda w: w.emit(f"special.logit(0.5 + 0.5 * {w.operand('unit')})")


@way("xlogy")
def _xlogy(w):
    x = w.operand(w.pick(("real", "positive")))
    y = w.pick((w.mate(x, "positive"), w.operand("positive"), w.constant("positive")))
    return w.emit(f"special.xlogy({x}, {y})")


for _name in ("softmax", "log_softmax"):
    WAYS[_name] = lambda w, f=_name: w.emit(
        f"special.{f}({(x := w.operand())}{w.pick(('', ' * 20', ' * 0'))}, axis={_axis(w, x)})"
    )
WAYS["logsumexp"] = lambda w: w.emit(
    f"special.logsumexp({(x := w.operand())}, axis={_axis(w, x)}{_keep(w)})"
)


def _quotient(*patterns):
    def write(w):
        x = w.operand()
        y = w.pick((w.mate(x, "nonzero"), w.operand("nonzero"), w.constant("positive"), "0.375"))
        return w.emit(w.pick(patterns).format(x=w.scale(x), y=y))

    return write


WAYS["remainder"] = _quotient("xp.remainder({x}, {y})", "{x} % {y}", "{x} % {y} * {x}")
WAYS["operator %"] = _quotient("{x} % {y}", "divmod({x}, {y})[1] * {x}")
WAYS["floor_divide"] = _quotient("xp.floor_divide({x}, {y}) * {x}")
WAYS["operator //"] = _quotient("{x} // {y} * {x}", "divmod({x}, {y})[0] * {x}")
WAYS["copysign"] = lambda w: w.emit(
    f"xp.copysign({(x := w.operand())}, {w.pick((w.mate(x), '-0.0', '1.0'))})"
)
WAYS["signbit"] = lambda w: w.choose(w.emit(f"xp.signbit({w.operand('any')})"))
for _name in ("conj", "real"):
    WAYS[_name] = lambda w, f=_name: w.emit(f"xp.{f}({(x := w.operand())}) * {x}")
WAYS["imag"] = lambda w: w.emit(f"xp.imag({(x := w.operand())}) + {x} * {x}")
WAYS["count_nonzero"] = lambda w: w.emit(
    f"{(x := w.real())} * xp.count_nonzero({w.pick((x, mask(w)))})"
)

# -- by order


@way("sort")
def _sort(w):
    x = w.operand(axes=1)
    axis = w.axis(x)
    return w.emit(
        f"xp.sort({x}, axis={axis})"
        + w.pick(("", f" * xp.cumulative_sum(0 * {x} + 1, axis={axis})"))
    )


@way("argsort")
def _argsort(w):
    x = w.operand(axes=1)
    axis = w.axis(x)
    y = w.pick((x, w.same(x)))
    return w.emit(f"xp.take_along_axis({y}, xp.argsort({x}, axis={axis}), axis={axis})")


def _place(name):
    def write(w):
        x = w.operand(axes=1)
        axis = w.axis(x)
        at = f"xp.{name}({x}, axis={axis}, keepdims=True)"
        return w.emit(
            w.pick((f"xp.take_along_axis({x}, {at}, axis={axis})", f"{x} * {at}"))
            if w.chance(0.7)
            else f"xp.reshape({x}, (-1,))[xp.{name}({x})] * {x}"
        )

    return write


WAYS["argmax"], WAYS["argmin"] = _place("argmax"), _place("argmin")
WAYS["searchsorted"] = lambda w: w.emit(
    f"{(x := w.real())} * xp.searchsorted(xp.asarray([-0.75, 0.25, 0.25, 1.0]), {x}, "
    f"side={w.pick(('left', 'right'))!r})"
)

# -- margins, diagonals and products


@way("cumulative_prod")
def _products(w):
    x = w.operand(axes=1, empty=True)
    first = ", include_initial=True" if w.chance(0.3) else ""
    axis = "None" if w.ndim(x) == 1 and w.chance(0.5) else w.axis(x)
    return w.emit(f"xp.cumulative_prod({x}, axis={axis}{first})")


@way("pad")
def _pad(w):
    x = w.operand(axes=1)
    mode = w.pick(("constant", "edge", "reflect", "symmetric", "wrap"))
    width = w.pick(("1", "(1, 0)", "(0, 2)"))
    value = f", constant_values={w.entry(x)}" if mode == "constant" and w.chance(0.4) else ""
    return w.emit(f"xp.pad({x}, {width}, mode={mode!r}{value})")


@way("diag")
def _diag(w):
    x = w.operand(axes=w.pick((1, 2)))
    x = x if w.ndim(x) < 3 else w.emit(f"{x}[0]")
    return w.emit(f"xp.diag({x}, {w.pick(('0', '1', '-1'))})")


WAYS["kron"] = lambda w: w.emit(f"xp.kron({w.small()}, {w.operand()})")


@way("einsum")
def _einsum(w):
    x = w.operand(axes=w.pick((1, 2)))
    letters = "ijkl"[: w.ndim(x)]
    y = w.same(x)
    result = "".join(w.random.sample(letters, w.random.randint(0, len(letters))))
    texts = [
        f"xp.einsum('{letters}->{result}', {x})",
        f"xp.einsum('{letters},{letters}->{result}', {x}, {y})",
        f"xp.einsum('...{letters[-1]},...{letters[-1]}->...', {x}, {y})",
        f"xp.einsum('{letters},{letters[-1]}p->{letters[:-1]}p', {x}, {x}.T)",
    ]
    if w.ndim(x) == 2 and len(set(w.shape(x))) == 1:
        texts += [f"xp.einsum('ii', {x})", f"xp.einsum('ij,jk,kl->il', {x}, {y}, {x})"]
    return w.emit(w.pick(texts))


WAYS["diff with ends"] = lambda w: w.emit(
    f"xp.diff({(x := w.operand(axes=1))}, axis=0, prepend={w.pick((f'{x}[:1]', '0.5'))}, "
    f"append={w.pick((f'{x}[-1:] * 2', '2'))})"
)
WAYS["tri"] = lambda w: w.emit(f"{(x := w.real(axes=1))} @ xp.tri({w.shape(x)[-1]})")
WAYS["empty"] = lambda w: w.emit(f"{(x := w.real())} * {x} + xp.sum(xp.empty((0, 2)))")
WAYS["empty_like"] = lambda w: w.emit(f"{(x := w.real())} * {x} + xp.sum(0 * xp.zeros_like({x}))")

METHODS = (
    "{x}.sum({a})", "{x}.mean({a})", "{x}.max({a})", "{x}.min({a})", "{x}.prod({a})",
    "{x}.var({a})", "{x}.dot({x}.T)", "{x}.reshape(-1)", "{x}.T.ravel()", "{x}.flatten()",
    "{x}.transpose()", "{x}.clip(-0.5, 0.75)", "{x}.sum(axis={a}, keepdims=True)",
)  # fmt: skip


@way("methods")
def _methods(w):
    x = w.operand(axes=1)
    return w.emit(w.pick(METHODS).format(x=x, a=w.axis(x)) + w.pick(("", f" * {w.entry(x)}")))


LATEST: dict[str, Any] = {}
"""Kinds of losses that programs of the last generation also hold."""

NORMS = (
    "xp.linalg.vector_norm({x}, axis={a})", "xp.std({x}, axis={a})",
    "xp.sqrt(xp.sum({x} * {x}, axis={a}))", "xp.sum({x} ** 2, axis={a}) ** 0.5",
    "xp.hypot({x}, {x} * 0.5)", "xp.linalg.vector_norm({x}, axis={a}, ord=3)",
)  # fmt: skip
FLAT = (
    "{r} ** 2", "xp.cos({r})", "{r} * {r} * {y}", "xp.exp(-{r} * {r})", "{r} ** 3", "{r} * {s}",
    "xp.where({r} < 1, {r} * {r} / 2, {r} - 0.5)", "{r} * {y}", "xp.cosh({r}) - 1", "{r}",
)  # fmt: skip


@way("tips of cones", LATEST)
def _tips(w):
    """Follow a norm, often of 0, by what is often flat there."""
    x = w.real(axes=1)
    zero = w.pick(("{x} - {x}", "{x} * 0", "{x} - xp.mean({x})", "{x}", "{x} - {e}"))
    x = w.emit(zero.format(x=x, e=w.entry(x)))
    r, s = (w.emit(w.pick(NORMS).format(x=x, a=w.pick(("-1", "0", "None")))) for _ in range(2))
    return w.emit(w.pick(FLAT).format(r=r, s=s, y=w.mate(r)))


@way("distances", LATEST)
def _distances(w):
    """Take all differences of rows, the diagonal included."""
    x = w.emit(f"xp.reshape({w.real(axes=1)}, (-1,))[:4]")
    d = w.emit(f"{x}[:, None] - {w.pick((f'{x}[None, :]', x, f'{x}[::-1]'))}")
    texts = ("xp.sqrt({d} * {d})", "xp.hypot({d}, 2 * {d})", "xp.sqrt(xp.abs({d}))")
    r = w.emit(w.pick(texts).format(d=d))
    return w.emit(w.pick(("{r}", "xp.exp(-{r})", "1 / (1 + {r})", "{r} * {r}")).format(r=r))
