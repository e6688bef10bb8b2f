"""The methods side by side at one common size: the answer of a run in a table."""

from __future__ import annotations

from collections.abc import Iterator

from gradmethods.output.caption import Caption
from gradmethods.output.files import RECORDS
from gradmethods.output.items import Table
from gradmethods.report.answer import methods_frame, methods_table, setting
from gradmethods.report.exhibit import Exhibit
from gradmethods.report.recorded import Recorded
from gradmethods.report.sentences import FITS, INTERVALS, ROUNDS, SETTING

DIGITS = (
    "Right digits: −log₁₀ of the error ÷ the norm of the certified gradient, the median over the "
    "certified problems and, in brackets, the least and the most; float64 holds 16."
)


def make(run: Recorded) -> Iterator[Table]:
    """Yield the table, if networks were measured."""
    frame = methods_frame(run)
    if len(frame):
        n = int(frame["n"].iloc[0])
        text = f"{setting(frame, run.costs)} In brackets: 95 % intervals. {DIGITS}"
        caption = Caption(f"Methods at n = {n:,}", text, (SETTING, ROUNDS, INTERVALS, FITS))
        yield Table("tab-methods", caption, frame, methods_table(frame))


EXHIBIT = Exhibit("answer", 10, RECORDS, make)
