"""What the article derives by hand, proven equal to SymPy's derivatives of the losses here.

Nothing here is drawn. Read `derivation.py` first.
"""

from gradmethods.studies.derivations.derivation import Derivation, Row
from gradmethods.studies.derivations.derive import NAMES, derive

__all__ = ["NAMES", "Derivation", "Row", "derive"]
