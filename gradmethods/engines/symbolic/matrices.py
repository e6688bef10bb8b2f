"""Which functions of whole matrices have formulas, and up to which size."""

from __future__ import annotations

from gradmethods.errors import UnsupportedOperation

MOST_ROWS = {
    "det": 6,
    "slogdet": 6,
    "solve": 4,
    "pinv": 4,
    "cholesky": 64,
    "qr": 4,
    "eigvalsh": 2,
    "svdvals": 2,
}
"""Rows up to which a function of matrices is written out; the shorter side of those not square.

Without pivots, which formulas cannot choose by value, larger ones lose digits."""

FACTORED = ("solve", "pinv", "det", "slogdet")


def check_rows(name: str, shape: tuple[int, ...]) -> None:
    """Refuse a function of matrices that has no formula, or none that is of use.

    Raises
    ------
    UnsupportedOperation
    """
    rows, most = min(shape[-2:]), MOST_ROWS.get(name, 0)
    if rows <= most:
        return
    why = (
        f"Formulas of xp.linalg.{name} are written out for matrices of at most {most} rows"
        if most
        else f"xp.linalg.{name} has no formula"
    )
    factor = (
        " Of a positive-definite matrix take the factor, xp.linalg.cholesky(A), whose systems have "
        "formulas of any size."
    )
    raise UnsupportedOperation(
        f"{why}, got shape {shape}: larger ones choose pivots by value or iterate, which a formula "
        f"cannot. Use gm.Backprop() or gm.Forward().{factor if name in FACTORED else ''}"
    )
