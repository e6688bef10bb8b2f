"""What the article derives by hand, proven equal to SymPy's derivatives of the losses here."""

from gradmethods.article.derivation import Derivation, Row
from gradmethods.article.derive import NAMES, derive

__all__ = ["NAMES", "Derivation", "Row", "derive"]
