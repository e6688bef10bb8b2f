"""A comparison of providers: their answers judged, the advice that follows, and both in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradmethods.accuracy.judgement import Judgement
from gradmethods.comparison.advice import Advice
from gradmethods.errors import InvalidOption


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Judgement):
    """Answers of several providers to one problem, judged against each other, with advice.

    Everything is computed when it is made; printing it shows the table, the reasons and a
    conclusion. `gradmethods.accuracy.judgement.Judgement` says what it holds beside the following,
    and what the verdicts mean.

    Attributes
    ----------
    text : str
        What printing it shows.
    advised : Advice or None
        Which of the providers to use; None if no provider was timed.
    """

    text: str
    advised: Advice | None = None

    @property
    def advice(self) -> Advice:
        """Which of these providers to use, from the times of the comparison.

        Raises
        ------
        InvalidOption
            If no provider was timed.

        Notes
        -----
        A provider is not advised if its verdict is a wrong one, and none is where the loss has no
        gradient: certifying, which takes two seconds at most, tells kinks and correct digits.
        """
        if self.advised is None:
            raise InvalidOption("Advice needs times. Compare with seconds above 0, say 0.5.")
        return self.advised

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def plot(self, ax: Any = None) -> Any:
        """Plot error against time per gradient, a point per provider.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        InvalidOption
            If no provider was timed.
        """
        from gradmethods.comparison.plane import accuracy_cost_plane

        return accuracy_cost_plane(self, ax)
