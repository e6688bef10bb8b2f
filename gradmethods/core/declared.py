"""What a user declares of a loss: all that its checks ask, which run before it is a problem."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from gradmethods.core.structure import Arrays, Parameters, Structure

Loss = Callable[..., Any]


class Declared(Protocol):
    """A loss with its point and data; `Problem` in `core.problem` says what each of these is."""

    name: str
    loss: Loss
    structure: Structure
    data: Arrays
    examples: tuple[str, ...]

    @property
    def params(self) -> Parameters:
        """The point."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the parameters."""
