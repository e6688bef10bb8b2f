"""What arrays mean beyond their numbers: masks, matrix products and units."""

from __future__ import annotations

from typing import Any

import numpy as np


def lost_meaning(value: Any) -> str:
    """Say what an array, or one in nested lists, means beyond its numbers; empty if nothing.

    Arrays become plain ones here, and masks, matrix products and units would silently get lost.
    """
    if type(value) in (list, tuple):
        return next((found for found in map(lost_meaning, value) if found), "")
    if not isinstance(value, np.ndarray) or type(value) in (np.ndarray, np.memmap):
        return ""
    if isinstance(value, np.ma.MaskedArray):
        return (
            "is a masked array, and no method knows of its mask. Fill it, as in x.filled(0), and "
            "give the mask to the loss as data for xp.where: ~np.ma.getmaskarray(x)."
        )
    if isinstance(value, np.matrix):
        return (
            "is a np.matrix, whose * is a matrix product; here * is element-wise. Pass "
            "np.asarray(x), and write @ for products."
        )
    return (
        f"is of {type(value).__name__}, a subclass of numpy.ndarray, and what it means beyond its "
        "numbers would be lost. Pass np.asarray(x)."
    )
