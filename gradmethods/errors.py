"""Every exception that the suite raises on purpose.

Each is a `GradientError` and also the built-in exception that fits, so that callers may catch
either. Messages say what was wanted, what came and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

NEAR = 3
"""Names that are suggested for one that is not known, at most."""

MOST = 12
"""Names that are listed, at most: more of them hide the one that was meant."""


class GradientError(Exception):
    """Root of the exceptions of the suite."""


class InvalidProblem(GradientError, ValueError):
    """The loss, its parameters or its data cannot make a problem."""


class UnsupportedOperation(GradientError, TypeError):
    """The loss does something to an array for which a method has no rule."""


class UnknownAttribute(UnsupportedOperation, AttributeError):
    """An array or a namespace was asked for a name that the array API standard lacks."""


class NotDifferentiable(GradientError, ValueError):
    """The gradient does not exist at this point, or the method cannot reach it."""


class ShapeMismatch(GradientError, ValueError):
    """Arrays of other shapes, types or structure came than were prepared for."""


class BudgetExceeded(GradientError, ValueError):
    """The work was refused because its estimate is above the budget."""


class GradientMismatch(GradientError, AssertionError):
    """A gradient is wrong, or cannot be told right."""


class UnknownName(GradientError, ValueError):
    """No provider, scheme, form or problem has this name."""

    @classmethod
    def among(cls, kind: str, name: object, known: Iterable[str]) -> UnknownName:
        """Make the error for `name`, suggesting the nearest of the `known` names."""
        names = list(known)
        near = difflib.get_close_matches(str(name), names, n=NEAR, cutoff=0.5)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        if not names:
            return cls(f"Unknown {kind} {name!r}. There is none.")
        # With a good guess a long list is noise; without one, its beginning shows what is meant.
        shown = names if len(names) <= MOST else [] if near else names[:MOST]
        listed = f" Known: {', '.join(map(repr, shown))}" if shown else ""
        left = len(names) - len(shown)
        more = f", and {left} more" if shown else f" {left} are known"
        return cls(f"Unknown {kind} {name!r}.{hint}{listed}{more if left else ''}.")


class MissingPackage(GradientError, ImportError):
    """An optional package is needed that is not installed."""


class InvalidOption(GradientError, ValueError):
    """An option of a provider or a command has a value outside its range."""


class WorkerFault(GradientError, RuntimeError):
    """Work that was sent to workers could not be done by them."""
