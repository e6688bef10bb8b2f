"""What the article derives by hand, proven equal to SymPy's derivatives of the losses here.

Nothing here is drawn. Read `derivation.py` first.
"""

from __future__ import annotations

from gradmethods.errors import UnknownName
from gradmethods.studies.derivations.derivation import Derivation, Row

__all__ = ["NAMES", "Derivation", "Row", "derive"]

NAMES = ("network-1-1-1", "island")


def derive(name: str) -> Derivation:
    r"""Derive the gradient of one of the article's networks in two ways, and prove them equal.

    Parameters
    ----------
    name : {"network-1-1-1", "island"}
        The smallest network with the chain rule written out, or the classifier in array form.

    Raises
    ------
    UnknownName
        If the article derives no such gradient.

    Examples
    --------
    >>> found = derive("network-1-1-1")
    >>> found.entries, found.proven
    (4, 4)
    >>> print(found.rows[3].written[1])
    = 2 (y - t) \cdot y (1 - y) \cdot 1
    """
    if name not in NAMES:
        raise UnknownName.among("derivation", name, NAMES)
    from gradmethods.studies.derivations import classifier, network

    return network.derivation() if name == network.NAME else classifier.derivation()
