"""Data types: questions about them, which NumPy answers."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradmethods.xp.arrays import Array
from gradmethods.xp.namespace import Bindings


def _plain(x: Any) -> Any:
    return x.dtype if isinstance(x, Array) else x


class DataTypes(Bindings):
    """The data type functions of the standard; for arrays of `xp` their dtypes stand."""

    def can_cast(self, from_: Any, to: Any, /) -> bool:
        """Say whether every number of one type is one of another."""
        return bool(np.can_cast(_plain(from_), to))

    def finfo(self, type: Any, /) -> Any:
        """Return the limits of a floating-point type."""
        return np.finfo(_plain(type))

    def iinfo(self, type: Any, /) -> Any:
        """Return the limits of an integer type."""
        return np.iinfo(_plain(type))

    def isdtype(self, dtype: Any, kind: Any) -> bool:
        """Say whether a type is of a kind, as in ``xp.isdtype(x.dtype, "real floating")``."""
        return bool(np.isdtype(dtype, kind))

    def result_type(self, *arrays_and_dtypes: Any) -> np.dtype[Any]:
        """Return the type of a result of arrays, numbers and types."""
        return np.result_type(*map(_plain, arrays_and_dtypes))
