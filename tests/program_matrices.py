"""Ways to call functions of whole matrices inside a random program, on matrices that they suit."""

from __future__ import annotations

from typing import Any

WAYS: dict[str, Any] = {}


def _square(w, *, regular=True):
    """Write square matrices; regular ones are the identity, three times, and less."""
    x = w.real("unit" if regular else "real", axes=2)
    n = min(*w.shape(x)[-2:], 3)
    whole = w.emit(f"{x}[..., :{n}, :{n}]")
    return w.emit(f"{whole} + 3 * xp.eye({n}, dtype={whole}.dtype)") if regular else whole


def _positive(w):
    x = w.real("real", axes=2)
    n = min(w.shape(x)[-2], 3)
    return w.emit(f"{x}[..., :{n}, :] @ {x}[..., :{n}, :].mT + xp.eye({n}, dtype={x}.dtype)")


def _apart(w):
    """Write symmetric matrices whose eigenvalues are far from one another."""
    x = w.real("unit", axes=2)
    n = min(*w.shape(x)[-2:], 3)
    whole = w.emit(f"{x}[..., :{n}, :{n}]")
    diagonal = f"xp.eye({n}, dtype={whole}.dtype) * xp.arange({n}, dtype={whole}.dtype)"
    return w.emit(f"{whole} + 5 * ({diagonal})")


def _tall(w):
    """Write matrices of full rank whose singular values are far from one another."""
    x = _apart(w)
    y = w.emit(f"{x} + xp.eye({w.shape(x)[-1]}, dtype={x}.dtype) * 1.5")
    return w.pick((y, w.emit(f"{y}[..., :2]"), w.emit(f"{y}[..., :2, :]")))


def _solve(w):
    a = _square(w)
    n = w.shape(a)[-1]
    b = w.pick((w.mate(a), w.emit(f"xp.reshape({w.real(axes=1)}, (-1,))[:{n}]"), w.same(a)))
    return w.emit(f"xp.linalg.solve({a}, {b})")


WAYS["linalg.solve"] = _solve
WAYS["linalg.inv"] = lambda w: w.emit(f"xp.linalg.inv({_square(w)})")
WAYS["linalg.det"] = lambda w: w.emit(f"xp.linalg.det({_square(w, regular=w.chance(0.6))})")
WAYS["linalg.slogdet"] = lambda w: w.emit(
    f"xp.linalg.slogdet({_square(w)})[1] * xp.linalg.slogdet({_square(w)})[0]"
)
WAYS["linalg.pinv"] = lambda w: w.emit(f"xp.linalg.pinv({_tall(w)})")
WAYS["linalg.cholesky"] = lambda w: w.emit(
    f"xp.linalg.cholesky({_positive(w)}{w.pick(('', ', upper=True'))})"
)
WAYS["linalg.qr"] = lambda w: w.emit(
    w.pick(("xp.linalg.qr({x})[0]", "xp.linalg.qr({x})[1]", "xp.linalg.qr({x}, mode='r')")).format(
        x=_tall(w)
    )
)
WAYS["linalg.eigh"] = lambda w: w.emit(
    w.pick(("{e}[0]", "{e}[1]", "({e}[1] * {e}[0][..., None, :]) @ {e}[1].mT")).format(
        e=f"xp.linalg.eigh({_apart(w)}{w.pick(('', ', UPLO=' + repr('U')))})"
    )
)
WAYS["linalg.eigvalsh"] = lambda w: w.emit(f"xp.linalg.eigvalsh({_apart(w)})")
WAYS["linalg.svd"] = lambda w: w.emit(
    w.pick(("{s}[0]", "{s}[1]", "{s}[2]")).format(
        s=f"xp.linalg.svd({_tall(w)}, full_matrices=False)"
    )
)
WAYS["linalg.svdvals"] = lambda w: w.emit(f"xp.linalg.svdvals({_tall(w)})")
WAYS["linalg.matrix_norm"] = lambda w: w.emit(
    f"xp.linalg.matrix_norm({_tall(w)}, "
    f"ord={w.pick(('2', '-2', repr('nuc'), repr('fro'), '1', '-1', 'np.inf', '-np.inf'))})"
)
WAYS["linalg.norm"] = lambda w: w.emit(
    f"xp.linalg.norm({w.operand()}, axis={w.pick(('None', '0', '-1', '(0, 1)'))})"
)
WAYS["linalg.matrix_rank"] = lambda w: w.emit(
    f"{w.real()} * xp.linalg.matrix_rank({_tall(w)}, rtol=0.01)[..., None][..., 0]"
)
WAYS["linalg.matrix_power"] = lambda w: w.emit(
    f"xp.linalg.matrix_power({_square(w)}, {w.pick(('0', '1', '2', '3', '-1', '-2'))})"
)
WAYS["linalg.multi_dot"] = lambda w: w.emit(
    f"xp.linalg.multi_dot([{(x := w.real(axes=2))}, {x}.T, {x}])"
)
WAYS["linalg.cross"] = lambda w: w.emit(
    f"xp.linalg.cross(xp.reshape(xp.concat([{(x := w.real(axes=1))}, {x}, {x}]), (-1,))[:3], "
    f"xp.stack([{(e := w.entry(w.real()))}, {e} * {e}, 0.5 * {e}]))"
)
