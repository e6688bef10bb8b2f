"""What a run found about accuracy, in a few sentences, for the page and the terminal."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.files import ACCURACY, faults_of, records_so_far
from gradmethods.output.terminal import framed
from gradmethods.providers.registry import style_of, traits
from gradmethods.providers.schemes import subtracts
from gradmethods.report import accuracy_frames as frames
from gradmethods.report.accuracy_frames import Records, planted_frame
from gradmethods.report.caveats import damage
from gradmethods.report.exhibits.tab_matrices import digits_table
from gradmethods.truth.verdict import RIGHT, WRONG


def findings(records: Records) -> list[str]:
    """Say what was certified, judged and found about steps, a sentence each."""
    parts = (_certified, _judged, _steps, _planted, _gaps)
    return [words for part in parts for words in part(records)]


def summary(out: Path) -> str:
    """Summarise a written report of accuracy: correct digits, what was found, where it is.

    Parameters
    ----------
    out : pathlib.Path
        Folder of the run.
    """
    records = records_so_far(out / ACCURACY)
    shown = digits_table(frames.gradients_frame(records))
    shown = shown.rename(columns={"Method": "Correct digits"})
    lines = [
        "",
        framed(shown),
        "",
    ]
    said = [*damage(faults_of(out)), *findings(records)]
    lines += [textwrap.fill(words, 100, subsequent_indent="  ") for words in said]
    return "\n".join(lines) + "\n"


def all_within(out: Path) -> bool:
    """Tell whether no answer of a run breaks its bound; a refusal breaks none."""
    gradients = frames.gradients_frame(records_so_far(out / ACCURACY))
    return not gradients["verdict"].eq(WRONG).any()


def _certified(records: Records) -> list[str]:
    references = frames.references_frame(records)
    whole = references[references["array"] == frames.WHOLE]
    known = whole[whole["digits"].notna()]
    said = []
    if len(known):
        took = ""
        if known["seconds"].notna().any():  # not so if shared workers did it
            slowest = known.loc[known["seconds"].idxmax()]
            name = f"; the slowest, {slowest['problem']}, took" if len(known) > 1 else ", in"
            took = f"{name} {fmt.time(slowest['seconds'])}"
        said.append(
            f"{_count(known, 'gradient')} certified, to {int(known['digits'].min())} digits or "
            f"more{took}."
        )
    unknown = whole[whole["digits"].isna() & whole["reason"].notna()].to_dict("records")
    return said + [f"{row['problem']} is not certified: {row['reason']}" for row in unknown]


def _judged(records: Records) -> list[str]:
    gradients = frames.gradients_frame(records)
    whole = gradients[(gradients["array"] == frames.WHOLE) & (gradients["excess"] >= 0)]
    if not len(whole):
        return []
    beyond = whole[whole["verdict"] != RIGHT]
    named = ", ".join(
        f"{style_of(row['provider']).label} on {row['problem']} ({row['verdict']})"
        for row in beyond.to_dict("records")
    )
    said = [
        f"{len(whole) - len(beyond)} of {_count(whole, 'answer')} within the bound of theory"
        + (f"; not so: {named}." if named else ".")
    ]
    exact = whole[whole["provider"].map(_derives).astype(bool)]
    if len(exact):
        worst = exact.loc[exact["digits"].idxmin()]
        said.append(
            f"Exact methods have {worst['digits']:.1f} correct digits or more; the "
            f"fewest: {style_of(worst['provider']).label} on {worst['problem']}."
        )
    return said


def _derives(provider: str) -> bool:
    """Whether a method differentiates the loss, and does not step beside the point."""
    method = traits(provider)
    return bool(method.exact) and method.passes is None


def _steps(records: Records) -> list[str]:
    steps = frames.steps_frame(records)
    lost = steps.loc[steps["scheme"].map(subtracts).astype(bool), "default_ratio"].dropna()
    if not len(lost):
        return []
    worst = steps.loc[lost.idxmax()]
    middle = lost.median()
    better = " (below 1, as each parameter has a default step of its own)" if middle < 1 else ""
    lines = (
        "With the default steps, the error is "
        f"{fmt.significant(middle, 2)} times that of the best single step for all parameters, in "
        f"the median over {_count(lost, 'curve')}{better}, and at worst "
        f"{fmt.significant(lost.max(), 2)} times ({style_of(worst['provider']).label} on "
        f"{worst['problem']}, {worst['dtype']})."
    )
    said = [lines]
    law = steps.loc[frames.has_theory(steps), "step_ratio"].dropna()
    if len(law):
        low, high = law.quantile([0.05, 0.95])
        said.append(
            f"The best step in theory is {fmt.significant(law.median(), 2)} times the best "
            f"measured in the median, between {fmt.significant(low, 2)} and "
            f"{fmt.significant(high, 2)} times in nine of ten curves."
        )
    return said


def _planted(records: Records) -> list[str]:
    frame = planted_frame(records)
    judged = frame[frame["outcome"] != ""]
    if not len(judged):
        return []
    wrong = judged[judged["mistake"] != ""]
    right = judged[judged["mistake"] == ""]
    caught, alarms = (int((rows["outcome"] == "caught").sum()) for rows in (wrong, right))
    said = f"{caught:,} of {len(wrong):,} planted mistakes caught"
    return [f"{said}; {alarms} of {len(right)} right gradients rejected."]


def _gaps(records: Records) -> list[str]:
    gaps = len(frames.gaps_frame(records))
    return [f"{gaps} pieces of work on accuracy left no result; they are listed."] if gaps else []


def _count(rows: pd.DataFrame | pd.Series, noun: str) -> str:
    return f"{len(rows)} {noun}{'' if len(rows) == 1 else 's'}"
