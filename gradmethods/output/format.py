"""Numbers as readers see them: one way of writing each kind, in every table and figure."""

from __future__ import annotations

import math

NONE = "–"

STOPS = {
    "limit": "time limit",
    "budget": "no time left",
    "obstacle": "refused",
    "error": "failed",
    "memory": "memory",
    "not run": "not run",
}
"""Why a method has no larger case, in a word or two for a table."""


def significant(value: float, digits: int = 3) -> str:
    """Write a number with so many digits, and no exponent where people write none.

    Examples
    --------
    >>> significant(12345.6), significant(0.012345), significant(2.0)
    ('12,300', '0.0123', '2.00')
    """
    if missing(value):
        return NONE
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if not -4 <= magnitude < 9:
        return f"{value:.{digits - 1}e}"
    return f"{round(value, digits - 1 - magnitude):,.{max(0, digits - 1 - magnitude)}f}"


def time(value: float, digits: int = 3) -> str:
    """Write seconds with the unit that suits their size.

    Examples
    --------
    >>> time(0.0000123), time(75.0)
    ('12.3 µs', '75.0 s')
    """
    if missing(value):
        return NONE
    unit, size = time_unit(value)
    return f"{significant(value / size, digits)} {unit}"


def memory(value: float) -> str:
    """Write bytes with the unit that suits their size.

    Examples
    --------
    >>> memory(56), memory(2112), memory(8431888)
    ('56 B', '2.06 KiB', '8.04 MiB')
    """
    if missing(value):
        return NONE
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if value >= size:
            return f"{significant(value / size)} {unit}"
    return f"{value:,.0f} B"


def time_unit(value: float) -> tuple[str, float]:
    """Choose the unit for a time, and its seconds."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size:
            return unit, size
    return "ns", 1e-9


def duration(seconds: float) -> str:
    """Write seconds for a reader.

    Examples
    --------
    >>> duration(0.000521), duration(0.0123), duration(15), duration(7200)
    ('520 µs', '12 ms', '15 s', '2 h')
    """
    units = (("h", 3600, 7200), ("min", 60, 120), ("s", 1, 1), ("ms", 1e-3, 1e-3), ("µs", 1e-6, 0))
    unit, size = next((unit, size) for unit, size, least in units if max(seconds, 0) >= least)
    return f"{float(f'{max(seconds, 0) / size:.2g}'):g} {unit}"


def time_interval(median: float, low: float, high: float) -> str:
    """Write a time with its interval, in one unit: ``12.3 [12.1, 12.6] µs``."""
    if missing(median):
        return NONE
    unit, size = time_unit(median)
    return f"{interval(median / size, low / size, high / size)} {unit}"


def interval(median: float, low: float, high: float) -> str:
    """Write a number with its interval; alone if it has none."""
    if missing(median):
        return NONE
    if missing(low):
        return significant(median)
    return f"{significant(median)} [{significant(low)}, {significant(high)}]"


def exponent(value: float, low: float, high: float) -> str:
    """Write a fitted exponent with its interval.

    Examples
    --------
    >>> exponent(-0.001, -0.06, 0.05)
    '0.00 [−0.06, 0.05]'
    """
    if missing(value):
        return NONE
    middle, left, right = (signed(end) for end in (value, low, high))
    return f"{middle} [{left}, {right}]"


def signed(value: float) -> str:
    """Write an exponent, with a true minus sign and no sign at zero."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def count(value: float | None) -> str:
    """Write a count with separators; digits of what is exact are without end.

    Examples
    --------
    >>> count(1234.0), count(float("inf")), count(None)
    ('1,234', '∞', '–')
    """
    if value is None or missing(value):
        return NONE
    return "∞" if value == math.inf else f"{int(value):,}"


def error(value: float) -> str:
    """Write an error: two digits of a magnitude."""
    return NONE if missing(value) else "0" if value == 0 else f"{value:.1e}"


def short_error(value: float) -> str:
    """Write an error for the terminal: two digits of a magnitude, or one if the second is 0.

    Examples
    --------
    >>> short_error(1.25e-7), short_error(3e-16), short_error(0.0), short_error(float("inf"))
    ('1.2e-07', '3e-16', '0', '∞')
    """
    return "∞" if value == math.inf else error(value).replace(".0e", "e")


def missing(value: object) -> bool:
    """Tell whether there is no number: None, NaN or pandas' NA."""
    # pandas' NA has no truth value: it is asked for first.
    return value is None or str(value) == "<NA>" or value != value  # noqa: PLR0124  # NaN ≠ NaN


def shortened(reason: str, most: int = 160) -> str:
    """Cut a long reason after a word, and say so.

    Examples
    --------
    >>> shortened("one two three", 9)
    'one two …'
    """
    if len(reason) <= most:
        return reason if reason.endswith(".") else f"{reason}."
    head = reason[:most].rsplit(" ", 1)[0]
    return f"{head} …"
