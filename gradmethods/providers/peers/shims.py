"""Names of the array API standard that an engine's NumPy-like namespace lacks.

A loss may use any name of the standard; these shims give it those, and touch nothing else.
"""

from __future__ import annotations

from typing import Any

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
    """Return torch as the array API standard has it."""
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

    return Shim(compat, **{name: binary(name) for name in BINARY})


def autograd_namespace() -> Shim:
    """Return autograd's NumPy with the names of the standard."""
    from autograd import numpy as anp

    own = {new: getattr(anp, old) for new, old in OLD_NAMES.items()}
    own["astype"] = lambda x, dtype: x.astype(dtype)
    own["matrix_transpose"] = lambda x: anp.swapaxes(x, -1, -2)
    own["vecdot"] = lambda a, b, axis=-1: anp.sum(a * b, axis=axis)
    return Shim(anp, **own)
