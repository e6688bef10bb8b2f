"""Linear systems, determinants, factors and eigenvalues of matrices, as NumPy spells them.

The matrices stand in the last two axes; all axes in front of them are a stack. What several
functions can be made of is written once: an inverse is the solution for the identity matrix, a
power a product, the factors of a wide matrix those of its first columns.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradmethods.errors import ShapeMismatch, UnsupportedOperation
from gradmethods.xp.array import Array
from gradmethods.xp.dispatch import Operand
from gradmethods.xp.integers import integer


class SlogdetResult(NamedTuple):
    """The signs of determinants, and the logarithms of their sizes."""

    sign: Array
    logabsdet: Array


class QRResult(NamedTuple):
    """Orthonormal columns Q and upper triangles R, with A = QR."""

    Q: Array
    R: Array


class EighResult(NamedTuple):
    """Eigenvalues in rising order, and the eigenvectors, in columns."""

    eigenvalues: Array
    eigenvectors: Array


class SVDResult(NamedTuple):
    """Factors of A = U diag(S) Vh, the singular values S in falling order."""

    U: Array
    S: Array
    Vh: Array


class Factorisations:
    """The part of ``xp.linalg`` that takes matrices as wholes."""

    def __init__(self, xp: Any) -> None:
        self._xp = xp

    def solve(self, x1: Operand, x2: Operand, /) -> Array:
        """Return x with ``x1 @ x = x2``.

        Parameters
        ----------
        x1 : array, shape (..., n, n)
        x2 : array, shape (n,) or (..., n, k)
            A vector if it has one axis; otherwise matrices, whose stack broadcasts.

        Returns
        -------
        array, shape (..., n) or (..., n, k)

        Raises
        ------
        ShapeMismatch
            If the shapes do not fit.
        numpy.linalg.LinAlgError
            From NumPy, when the gradient is evaluated, if a matrix is singular.

        Examples
        --------
        >>> import numpy as np
        >>> import gradmethods as gm
        >>> def loss(A, b, *, xp=np):
        ...     return xp.sum(xp.linalg.solve(A, b))
        >>> gm.gradient(loss, np.array([[2.0, 1.0], [1.0, 3.0]]), {"b": np.array([1.0, 2.0])})
        array([[-0.08, -0.24],
               [-0.04, -0.12]])
        """
        a, b = self._square("solve", x1), self._numbers(x2)
        vector = b.ndim == 1
        if b.ndim == 0 or b.shape[0 if vector else -2] != a.shape[-1]:
            raise ShapeMismatch(
                f"xp.linalg.solve of matrices of shape {a.shape} takes a vector of {a.shape[-1]} "
                f"entries or matrices of {a.shape[-1]} rows, got shape {b.shape}. Write a stack of "
                "vectors as columns: b[..., None]."
            )
        columns = b[:, None] if vector else b
        solved: Array = self._xp.bind("solve", a, columns)
        return solved[..., 0] if vector else solved

    def inv(self, x: Operand, /) -> Array:
        """Return the inverses of matrices, as solutions for the identity matrix."""
        a = self._square("inv", x)
        return self.solve(a, np.eye(a.shape[-1], dtype=a.dtype))

    def det(self, x: Operand, /) -> Array:
        """Return the determinants of matrices.

        The gradient is the matrix of cofactors, at singular matrices too. A determinant is a
        product of n numbers and leaves the range of floating-point numbers soon: of large matrices
        take `slogdet`.
        """
        result: Array = self._xp.bind("det", self._square("det", x))
        return result

    def slogdet(self, x: Operand, /) -> SlogdetResult:
        """Return the signs of determinants, which are steps, and the logarithms of their sizes.

        Of singular matrices the logarithm is -infinity, and its gradient NaN.
        """
        both = self._xp.bind("slogdet", self._square("slogdet", x))
        return SlogdetResult(both[..., 0], both[..., 1])

    def cholesky(self, x: Operand, /, *, upper: bool = False) -> Array:
        """Return the triangular L of positive-definite matrices, with ``x = L @ L.mT``.

        As in NumPy only the lower triangle of `x` is read (the upper one with `upper`, for the
        transpose of L): the gradient by the other entries is 0.

        Raises
        ------
        numpy.linalg.LinAlgError
            From NumPy, when the gradient is evaluated, if a matrix is not positive definite.
        """
        a = self._square("cholesky", x)
        factor: Array = self._xp.bind("cholesky", a.mT if upper else a)
        return factor.mT if upper else factor

    def matrix_power(self, x: Operand, n: int, /) -> Array:
        """Multiply matrices by themselves; of a negative power, their inverses."""
        power = integer(n)
        a = self._square("matrix_power", x, real=power < 0)
        if power < 0:
            a, power = self.inv(a), -power
        if power == 0:
            one: Array = self._xp.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)
            return one
        while not power & 1:
            a, power = a @ a, power >> 1
        result = a
        while power := power >> 1:
            a = a @ a
            if power & 1:
                result = result @ a
        return result

    # -- factors and eigenvalues

    def qr(self, x: Operand, /, *, mode: str = "reduced") -> QRResult | Array:
        """Return orthonormal Q and upper triangular R with ``x = Q @ R``.

        The signs are those of LAPACK: a diagonal entry of R may jump from one to the other where
        that of a column of `x` does. Of columns that depend on one another there is no gradient.

        Parameters
        ----------
        x : array, shape (..., m, n)
        mode : {"reduced", "complete", "r"}
            ``"complete"`` only for m ≤ n, where it is the same: further columns of Q are
            arbitrary. ``"r"`` returns R alone.

        Notes
        -----
        Sources: S. F. Walter and L. Lehmann, Algorithmic differentiation of linear algebra
        functions with application in optimum experimental design, arXiv:1001.1654 (2010).
        """
        a = self._matrices("qr", x)
        m, n = a.shape[-2:]
        if mode not in ("reduced", "complete", "r") or (mode == "complete" and m > n):
            raise UnsupportedOperation(
                f"xp.linalg.qr takes mode='reduced' or 'r', got {mode!r} for shape {a.shape}: the "
                "further columns of a complete Q are arbitrary and have no derivative."
            )
        both = self._xp.bind("qr", a if m >= n else a[..., :m])
        q, r = both[..., :m, :], both[..., m:, :].mT
        if m < n:
            r = self._xp.concat([r, q.mT @ a[..., m:]], axis=-1)
        return r if mode == "r" else QRResult(q, r)

    def eigh(self, x: Operand, /, UPLO: str = "L") -> EighResult:  # NumPy's name
        """Return eigenvalues and eigenvectors of symmetric matrices.

        As in NumPy only the lower triangle is read (the upper one with ``UPLO="U"``).

        Eigenvectors are known up to their signs, and those of equal eigenvalues up to a rotation. A
        loss that depends on the signs is no function of `x`: its gradient is that for LAPACK's. One
        that does not (projectors, spectral functions) has the right gradient where eigenvalues
        differ. Where two are equal to rounding, backpropagation through their eigenvectors raises
        `NotDifferentiable`, forward mode gives NaN, and nothing is certified; what depends on
        eigenvalues alone belongs into `eigvalsh`.

        Notes
        -----
        Source: M. B. Giles, Collected matrix derivative results for forward and reverse mode
        algorithmic differentiation, Springer 2008, section 3.1.
        """
        both = self._symmetric("eigh", x, UPLO)
        return EighResult(both[..., 0], both[..., 1:])

    def eigvalsh(self, x: Operand, /, UPLO: str = "L") -> Array:  # NumPy's name
        """Return the eigenvalues of symmetric matrices, in rising order.

        As in NumPy only the lower triangle is read (the upper one with ``UPLO="U"``). Where
        eigenvalues are equal to rounding each has a kink, and their sum has none: slopes by them
        are shared equally, which gives the gradient where there is one.
        """
        return self._symmetric("eigvalsh", x, UPLO)

    def svd(
        self,
        x: Operand,
        /,
        full_matrices: bool = True,  # noqa: FBT002  # as in NumPy
        *,
        compute_uv: bool = True,
    ) -> SVDResult | Array:
        """Return the factors of ``x = U @ diag(S) @ Vh``.

        The signs of singular vectors are LAPACK's, and what was said of `eigh` holds for equal
        singular values, and for those that are 0.

        Parameters
        ----------
        x : array, shape (..., m, n)
        full_matrices : bool
            True, as in NumPy, only for m = n: further columns are arbitrary.
        compute_uv : bool
            False returns the singular values alone, as `svdvals`.

        Notes
        -----
        Source: J. Townsend, Differentiating the singular value decomposition (2016); M. B. Giles,
        as in `eigh`, section 3.2.
        """
        a = self._matrices("svd", x)
        if not compute_uv:
            return self.svdvals(a)
        m, n = a.shape[-2:]
        if full_matrices and m != n:
            raise UnsupportedOperation(
                f"xp.linalg.svd of shape {a.shape} needs full_matrices=False: the further singular "
                "vectors of a complete basis are arbitrary and have no derivative."
            )
        all_ = self._xp.bind("svd", a)
        return SVDResult(all_[..., :m, :], all_[..., m, :], all_[..., m + 1 :, :].mT)

    def svdvals(self, x: Operand, /) -> Array:
        """Return the singular values of matrices, in falling order; see `eigvalsh`."""
        result: Array = self._xp.bind("svdvals", self._matrices("svdvals", x))
        return result

    def pinv(self, x: Operand, /) -> Array:
        """Return the pseudo-inverses of matrices.

        Where a matrix has not full rank, its pseudo-inverse jumps beside it: backpropagation raises
        `NotDifferentiable` there, forward mode gives NaN, and nothing is certified.

        Notes
        -----
        Source: G. H. Golub and V. Pereyra, The differentiation of pseudo-inverses and nonlinear
        least squares problems whose variables separate, SIAM Journal on Numerical Analysis 10
        (1973) 413-432, equation 4.12.
        """
        result: Array = self._xp.bind("pinv", self._matrices("pinv", x))
        return result

    # -- operands

    def _numbers(self, x: Operand) -> Array:
        array: Array = self._xp.array(x)
        return array if array.dtype.kind == "f" else self._xp.astype(array, np.dtype(float))

    def _matrices(self, name: str, x: Operand, *, real: bool = True) -> Array:
        array: Array = self._numbers(x) if real else self._xp.array(x)
        if array.ndim < 2:
            raise ShapeMismatch(
                f"xp.linalg.{name} takes matrices, in the last two axes, got shape {array.shape}. "
                "Make a matrix of a vector with x[:, None] or x[None, :]."
            )
        return array

    def _square(self, name: str, x: Operand, *, real: bool = True) -> Array:
        array = self._matrices(name, x, real=real)
        if array.shape[-1] != array.shape[-2]:
            other = {"inv": "pinv"}.get(name)
            raise ShapeMismatch(
                f"xp.linalg.{name} takes square matrices, in the last two axes, got shape "
                f"{array.shape}." + (f" Of others, xp.linalg.{other} is there." if other else "")
            )
        return array

    def _symmetric(self, name: str, x: Operand, triangle: str) -> Array:
        if triangle not in ("L", "U"):
            raise UnsupportedOperation(
                f"xp.linalg.{name} takes UPLO='L' or 'U', the triangle to read, got {triangle!r}."
            )
        result: Array = self._xp.bind(name, self._square(name, x), triangle=triangle)
        return result
