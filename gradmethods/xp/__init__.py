"""The namespace `xp` that losses are written over, its arrays, and the table of primitives.

The functions of the array API standard are written once over the primitives. A method subclasses
`Namespace` and says how one primitive is applied to its payloads; everything that a user may write
then follows. No method is known here. Read `primitives/primitive.py` first.
"""

from gradmethods.xp.creation import DataTypes
from gradmethods.xp.einsum import Einsum
from gradmethods.xp.linalg import Functions, Linalg
from gradmethods.xp.padding import Padding

__all__ = ["Namespace"]


class Namespace(Functions, Einsum, Padding, DataTypes):
    """The base of every `xp` but NumPy itself."""

    @property
    def linalg(self) -> Linalg:
        """The linear algebra extension of the standard."""
        return Linalg(self)
