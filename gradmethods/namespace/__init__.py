"""The functions of the array API standard, written once over the table of primitives.

A method brings its own arrays by subclassing `Namespace` and saying how one primitive is applied
to its payloads; everything that a user may write then follows.
"""

from gradmethods.namespace.core import Operand
from gradmethods.namespace.indexing import Indexing
from gradmethods.namespace.linalg import Functions, Linalg

__all__ = ["Namespace", "Operand"]


class Namespace(Functions, Indexing):
    """The base of every `xp` but NumPy itself."""

    @property
    def linalg(self) -> Linalg:
        """The linear algebra extension of the standard."""
        return Linalg(self)
