"""Names of the array API standard that an engine's NumPy-like namespace lacks.

A loss may use any name of the standard; these shims give it those, and touch nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

OLD_NAMES = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "concat": "concatenate",
    "cumulative_sum": "cumsum",
    "permute_dims": "transpose",
    "pow": "power",
}
"""What NumPy called a function of the standard before NumPy 2."""

BINARY = (
    "atan2", "copysign", "hypot", "logaddexp", "maximum", "minimum", "pow", "remainder",
)  # fmt: skip
"""Functions of two arrays: the standard lets one of them be a Python number, torch does not."""


class Shim:
    """A namespace with names of its own in front of those of an engine.

    Parameters
    ----------
    base : module
        What answers for every other name.
    **own
        The names in front.
    """

    def __init__(self, base: Any, **own: Any) -> None:
        self._base = base
        self.__dict__.update(own)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._base, name)
        setattr(self, name, found)  # so that a second look-up is as fast as a module's
        return found


def torch_namespace() -> Shim:
    """Return torch as the array API standard has it, with what else NumPy's losses use."""
    import array_api_compat.torch as compat
    import torch

    def binary(name: str) -> Any:
        function = getattr(compat, name)

        def apply(a: Any, b: Any) -> Any:
            if not isinstance(a, torch.Tensor):
                a = torch.as_tensor(a, dtype=b.dtype)
            elif not isinstance(b, torch.Tensor):
                b = torch.as_tensor(b, dtype=a.dtype)
            return function(a, b)

        return apply

    functions, divided = torch.linalg, binary("floor_divide")
    creation = _creation(torch, compat)
    asarray = creation["asarray"]

    def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        return torch.diagonal(x, offset, axis1, axis2)

    return Shim(
        compat,
        **{name: binary(name) for name in BINARY},
        **creation,
        diag=torch.diag,
        diagonal=diagonal,
        floor_divide=lambda a, b: divided(_constant(a), _constant(b)),
        imag=compat.zeros_like,
        linalg=Shim(
            compat.linalg,
            **_one_triangle(compat, functions),
            multi_dot=functions.multi_dot,
            norm=functions.norm,
            qr=lambda x, mode="reduced": functions.qr(x, mode)[1 if mode == "r" else slice(None)],
            vecdot=lambda a, b, axis=-1: (a * b).sum(axis),
        ),
        outer=lambda a, b: torch.outer(a.reshape(-1), b.reshape(-1)),
        pad=lambda x, *how, **options: _padded(Shim(compat, **creation), x, *how, **options),
        repeat=lambda x, count, axis=None: compat.repeat(x, asarray(count), axis=axis),
        trace=lambda x, *where: diagonal(x, *where).sum(-1),
        vecdot=lambda a, b, axis=-1: (a * b).sum(axis),
    )


def _creation(torch: Any, compat: Any) -> dict[str, Any]:
    """Return what makes tensors as NumPy makes arrays: of float64, and of tensors in lists."""

    def asarray(x: Any, dtype: Any = None) -> Any:
        if isinstance(x, (list, tuple)):
            x = torch.stack([asarray(entry) for entry in x]) if x else np.zeros(0)
        if not isinstance(x, torch.Tensor):
            x = torch.tensor(np.asarray(x))
        return x if dtype is None else x.to(dtype)

    def in_double(name: str) -> Any:
        function = getattr(compat, name)
        return lambda *args, dtype=torch.float64, **options: function(*args, dtype=dtype, **options)

    return {
        **{name: in_double(name) for name in ("empty", "eye", "linspace", "ones", "zeros")},
        "arange": lambda *args, dtype=None: asarray(np.arange(*args), dtype),
        "asarray": asarray,
        "full": lambda shape, value, dtype=None: asarray(value, dtype).expand(shape),
        "tri": lambda *args, dtype=None: asarray(np.tri(*args), dtype),
    }


def _one_triangle(xp: Any, functions: Any) -> dict[str, Any]:
    """Return functions of symmetric matrices that read one triangle, as NumPy's do.

    Torch spreads the gradient over both, and JAX takes the mean of both.
    """

    def read(x: Any, triangle: str) -> Any:
        low = xp.tril(x if triangle == "L" else x.mT)
        return low + xp.tril(low, k=-1).mT

    return {
        "cholesky": lambda x, upper=False: functions.cholesky(read(x, "L"), upper=upper),
        "eigh": lambda x, UPLO="L": functions.eigh(read(x, UPLO), UPLO),
        "eigvalsh": lambda x, UPLO="L": functions.eigvalsh(read(x, UPLO), UPLO),
    }


def jax_namespace() -> Shim:
    """Return ``jax.numpy`` with functions of symmetric matrices that read one triangle."""
    import jax.numpy as jnp

    return Shim(jnp, linalg=Shim(jnp.linalg, **_one_triangle(jnp, jnp.linalg)))


def _constant(x: Any) -> Any:
    """Return a tensor that does not vary."""
    return x.detach() if hasattr(x, "detach") else x


def _padded(
    xp: Any, x: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0
) -> Any:
    """Put margins around an array, axis after axis, as NumPy does."""
    widths = np.broadcast_to(np.asarray(pad_width), (x.ndim, 2)).tolist()
    fillings = xp.broadcast_to(xp.asarray(constant_values, dtype=x.dtype), (x.ndim, 2))
    for axis, (before, behind) in enumerate(widths):
        if mode == "constant":
            margins = [
                xp.full((*x.shape[:axis], length, *x.shape[axis + 1 :]), fillings[axis, side])
                for side, length in enumerate((before, behind))
            ]
            x = xp.concat([margins[0], x, margins[1]], axis=axis)
        else:
            places = np.pad(np.arange(x.shape[axis]), (before, behind), mode)
            x = xp.take(x, xp.asarray(places), axis=axis)
    return x


def autograd_namespace() -> Shim:
    """Return autograd's NumPy with the names of the standard."""
    from autograd import numpy as anp

    own = {new: getattr(anp, old) for new, old in OLD_NAMES.items()}
    own["astype"] = lambda x, dtype: x.astype(dtype)
    own["cumulative_sum"] = lambda x, axis=None: anp.cumsum(x, axis=axis)
    own["linalg"] = Shim(
        anp.linalg,
        diagonal=lambda x, offset=0: anp.diagonal(x, offset, -2, -1),
        trace=lambda x, offset=0: anp.trace(x, offset, -2, -1),
        outer=anp.outer,
        vecdot=lambda a, b, axis=-1: anp.sum(a * b, axis=axis),
    )
    own["matrix_transpose"] = lambda x: anp.swapaxes(x, -1, -2)
    own["vecdot"] = lambda a, b, axis=-1: anp.sum(a * b, axis=axis)
    return Shim(anp, **own)
