"""What the article derives by hand, proven equal to SymPy's derivatives of the losses here."""

from gradmethods.derivations.derivation import Derivation, Row
from gradmethods.derivations.derive import NAMES, derive

__all__ = ["NAMES", "Derivation", "Row", "derive"]
