"""The sections of the report about accuracy: one function each, listed once, in reading order.

A section takes the records and writes the items that they allow: none where a run has none of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from gradmethods.core.naming import file_part
from gradmethods.output.items import Item, Writer
from gradmethods.report.accuracy import atlas, balance, frames, planes, tables
from gradmethods.report.accuracy.captions import CAPTIONS, atlas_caption, plane_caption
from gradmethods.report.accuracy.planted import CAPTIONS as PLANTED
from gradmethods.report.accuracy.planted import mistakes_table, planted_frame, planted_table
from gradmethods.report.gallery import CAPTIONS as GALLERY
from gradmethods.report.gallery import gallery_frame, gallery_table, plot_gallery

Records = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Attributes
    ----------
    id : str
        Where links point to.
    title, lead : str
        Its heading, and what to know before reading.
    make : callable
        Takes a writer and the records; returns the items written.
    """

    id: str
    title: str
    lead: str
    make: Callable[[Writer, Records], list[Item]]


def judged(writer: Writer, records: Records) -> list[Item]:
    """Write how accurate each method is on each problem."""
    references, gradients = frames.references_frame(records), frames.gradients_frame(records)
    if not len(gradients):
        return []
    whole = gradients[gradients["array"] == frames.WHOLE]
    made = {
        "certified": (references, tables.certified_table(references)),
        "digits": (frames.matrix_frame(gradients, "digits"), tables.digits_table(gradients)),
        "ulps": (whole[_ULPS], tables.ulps_table(gradients)),
        "bounds": (frames.matrix_frame(gradients, "excess"), tables.bounds_table(gradients)),
    }
    items = [writer.table(f"tab-{n}", CAPTIONS[f"tab-{n}"], *both) for n, both in made.items()]
    detail = tables.accuracy_table(gradients)
    items.append(
        writer.table("tab-accuracy", CAPTIONS["tab-accuracy"], gradients, detail, folded=True)
    )
    gaps = frames.gaps_frame(records)
    if len(gaps):
        name = "tab-accuracy-gaps"
        items.append(writer.table(name, CAPTIONS[name], gaps, tables.gaps_table(gaps)))
    return items


_ULPS = ["problem", "provider", "n", "ulps_median", "ulps_99", "ulps_worst"]


def cost_of_digits(writer: Writer, records: Records) -> list[Item]:
    """Write the accuracy-cost planes."""
    gradients, points = frames.gradients_frame(records), frames.points_frame(records)
    drawn = planes.timed(gradients)
    names = list(dict.fromkeys(drawn["problem"]))
    items = []
    if len(names) > 1:
        items.append(
            writer.figure(
                "fig-plane",
                CAPTIONS["fig-plane"],
                drawn,
                lambda _: planes.planes(gradients, points),
            )
        )
    elif names:
        (name,) = names
        items.append(
            writer.figure(
                f"fig-plane-{file_part(name)}", plane_caption(name), drawn,
                lambda _: planes.planes(gradients, points),
            )
        )  # fmt: skip
    return items


def step_sizes(writer: Writer, records: Records) -> list[Item]:
    """Write the step-size atlas."""
    points, steps = frames.points_frame(records), frames.steps_frame(records)
    if not len(points):
        return []
    names = list(dict.fromkeys(points["problem"]))
    items = []
    if len(names) > 1:
        items.append(
            writer.figure(
                "fig-atlas", CAPTIONS["fig-atlas"], points, lambda _: atlas.overview(points, steps)
            )
        )
    items += [
        writer.figure(
            "fig-steps", CAPTIONS["fig-steps"], steps, lambda _: balance.best_steps(steps)
        ),
        writer.table("tab-steps", CAPTIONS["tab-steps"], steps, tables.steps_table(steps),
                     folded=len(names) > 1),
    ]  # fmt: skip
    # In the report of a benchmark the overview must do: there is no time to draw each.
    for name in () if writer.brief and len(names) > 1 else names:
        mine, ends = (frame[frame["problem"] == name] for frame in (points, steps))
        draw = partial(_atlas, mine, ends)
        identifier, caption = f"fig-atlas-{file_part(name)}", atlas_caption(name)
        items.append(writer.figure(identifier, caption, mine, draw, folded=len(names) > 1))
    return items


def _atlas(points: pd.DataFrame, steps: pd.DataFrame, _size: str) -> Any:
    return atlas.problem_atlas(points, steps)


def hard_cases(writer: Writer, records: Records) -> list[Item]:
    """Write the gallery of hard cases."""
    rows = [row for record in frames.of_kind(records, "gallery") for row in record.get("rows", ())]
    if not rows:
        return []
    frame = gallery_frame(rows)
    figure, table = "fig-hard-cases", "tab-hard-cases"
    shown = gallery_table(frame)
    return [
        writer.figure(figure, GALLERY[figure], frame, lambda _: plot_gallery(frame)),
        writer.table(table, GALLERY[table], frame, shown, folded=True),
    ]


def planted(writer: Writer, records: Records) -> list[Item]:
    """Write which planted mistakes our own check caught."""
    frame = planted_frame(records)
    if not len(frame):
        return []
    made = {"tab-planted": planted_table(frame), "tab-mistakes": mistakes_table(frame)}
    return [writer.table(name, PLANTED[name], frame, shown) for name, shown in made.items()]


SECTIONS = (
    Section(
        "accuracy", "Accuracy",
        "How many digits of each gradient are right, held against the certified one, and whether "
        "each error is within what theory allows.",
        judged,
    ),
    Section(
        "digits-and-time", "What digits cost",
        "Error against time: down and to the left is better.",
        cost_of_digits,
    ),
    Section(
        "steps", "Steps of finite differences",
        "Too wide a step truncates too much, too narrow a step drowns in round-off; theory says "
        "where the best lies between them.",
        step_sizes,
    ),
    Section(
        "hard-cases", "Hard cases",
        "Where methods give wrong answers, and why. These problems stand apart from the others, "
        "which are smooth.",
        hard_cases,
    ),
    Section(
        "planted", "Planted mistakes",
        "Whether wrong gradients are caught: the check of gradients put to the test.",
        planted,
    ),
)  # fmt: skip
"""What the report says about accuracy. A new section is a line here."""
