"""The linear algebra of dual numbers: the namespace's extension, over arrays of them."""

from __future__ import annotations

from functools import partial, reduce
from typing import Any

import mpmath as mp  # type: ignore[import-untyped]  # published without types
import numpy as np

from tests import dual_matrices
from tests.dual_arrays import Exact
from tests.dual_namespace import Duals


class Linalg(Duals):
    """Its extension for linear algebra."""

    def trace(self, x: Any, *, offset: int = 0) -> Exact:  # type: ignore[override]  # the standard's
        return Duals().trace(x, offset, -2, -1)

    def diagonal(self, x: Any, *, offset: int = 0) -> Exact:
        return Exact(np.diagonal(Exact.of(x).a, offset, -2, -1))

    def vector_norm(self, x, *, axis=None, keepdims=False, ord=2):  # noqa: A002  # the standard's
        x = Exact(Exact.of(x).whole())
        if ord == 2:
            return self._apply(
                "sqrt", (self.sum(self._apply("square", (x,)), axis=axis, keepdims=keepdims),)
            )
        if ord == 0:
            return self.sum(Exact(self._truth(x)).whole(), axis=axis, keepdims=keepdims)
        sizes = self._apply("abs", (x,))
        if abs(ord) == np.inf:
            pick = self.min if ord < 0 else self.max if x.size else self.sum  # 0 of no entries
            return pick(sizes, axis=axis, keepdims=keepdims)
        powers = self.sum(self._apply("pow", (sizes, ord)), axis=axis, keepdims=keepdims)
        return self._apply("pow", (powers, Exact.of(1 / mp.mpf(ord))))

    def matrix_norm(self, x, *, keepdims=False, ord="fro"):  # noqa: A002  # as above
        if ord == "fro":
            return self.vector_norm(x, axis=(-2, -1), keepdims=keepdims)
        if ord in ("nuc", 2, -2):
            sizes = self.svdvals(x)
        else:
            sizes = self.sum(self._apply("abs", (x,)), axis=-2 if abs(ord) == 1 else -1)
        reduce_ = self.sum if ord == "nuc" else self.max if ord > 0 else self.min
        found = reduce_(sizes, axis=-1)
        return found[..., None, None] if keepdims else found

    def norm(self, x, ord=None, axis=None, keepdims=False):  # noqa: A002, FBT002  # NumPy's
        x = Exact.of(x)
        axes = range(x.ndim) if axis is None else np.atleast_1d(axis)
        if len(axes) != 2 or (ord is None and axis is None):
            order = 2 if ord is None else ord
            return self.vector_norm(x, axis=axis, keepdims=keepdims, ord=order)
        turned = Exact(np.moveaxis(x.whole(), tuple(axes), (-2, -1)))
        found = self.matrix_norm(turned, ord="fro" if ord is None else ord)
        return Exact(np.expand_dims(found.a, tuple(axes))) if keepdims else found

    # -- whole matrices

    def _parts(self, function, *operands, **options):
        matrices = [Exact.of(x).whole() for x in operands]
        found = dual_matrices.stacked(partial(function, **options), *matrices)
        return [Exact(x) for x in found]

    def solve(self, a, b):
        a, b = Exact.of(a), Exact.of(b)
        vector = b.ndim == 1
        (x,) = self._parts(dual_matrices.solve, a, b[:, None] if vector else b)
        return x[..., 0] if vector else x

    def inv(self, a):
        return self.solve(a, np.eye(Exact.of(a).shape[-1]))

    def det(self, a):
        return self._parts(dual_matrices.det, a)[0]

    def slogdet(self, a):
        return tuple(self._parts(dual_matrices.slogdet, a))

    def pinv(self, a):
        return self._parts(dual_matrices.pinv, a)[0]

    def cholesky(self, a, *, upper=False):
        a = Exact.of(a)
        (low,) = self._parts(dual_matrices.cholesky, a.mT if upper else a)
        return low.mT if upper else low

    def qr(self, a, mode="reduced"):
        q, r = self._parts(dual_matrices.qr, a)
        return r if mode == "r" else (q, r)

    def eigh(self, a, UPLO="L"):
        return tuple(self._parts(dual_matrices.eigh, a, triangle=UPLO))

    def eigvalsh(self, a, UPLO="L"):
        return self.eigh(a, UPLO)[0]

    def svd(self, a, full_matrices=True, *, compute_uv=True):  # noqa: FBT002  # NumPy's
        parts = tuple(self._parts(dual_matrices.svd, a))
        return parts if compute_uv else parts[1]

    def svdvals(self, a):
        return self.svd(a)[1]

    def matrix_rank(self, a, *, rtol=1e-15):
        sizes = self.svdvals(a)
        limits = self._apply("multiply", (rtol, self.max(sizes, axis=-1, keepdims=True)))
        return self.sum(self._apply("greater", (sizes, limits)), axis=-1)

    def matrix_power(self, a, n):
        a = Exact.of(a) if n >= 0 else self.inv(a)
        factors = [a] * abs(n)
        return reduce(self.matmul, factors, Exact.of(np.broadcast_to(np.eye(a.shape[-1]), a.shape)))

    def multi_dot(self, arrays):
        return reduce(self.matmul, arrays)

    def cross(self, a, b, *, axis=-1):
        x, y = (np.moveaxis(Exact.of(z).whole(), axis, -1) for z in (a, b))
        parts = [x[..., i] * y[..., j] - x[..., j] * y[..., i] for i, j in ((1, 2), (2, 0), (0, 1))]
        return Exact(np.stack(parts, axis=axis))
