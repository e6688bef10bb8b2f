"""Maps of what a network says of each point of the plane, before, during and after training."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from gradmethods.errors import InvalidProblem
from gradmethods.output.figures import new_figure
from gradmethods.output.style import RC
from gradmethods.problems.predictions import probabilities
from gradmethods.studies.training import Training

COLOURS = "cividis"
"""Dark to light as P grows, for colour-blind readers and on paper alike."""

GRID = 201
"""Points along an axis of a map."""

MARGIN = 1.1
"""The map's range ÷ the data's."""

COARSE = 51
"""Points along each side of the maps as data."""

FRAMES = 60
"""Pictures of an animation."""

Points = NDArray[Any]


def is_plane(run: Training) -> bool:
    """Tell whether a run is of a network with two inputs and one probability."""
    X = run.problem.data.get("X")
    if X is None or X.ndim != 2 or X.shape[1] != 2:
        return False
    y = probabilities(run.problem, run.params)
    return y is not None and y.ndim == 1


def axes_of(X: Points, size: int = GRID) -> tuple[Points, Points]:
    """Return the coordinates of a map: `MARGIN` times the range of the data, around its middle."""
    low, high = X.min(axis=0), X.max(axis=0)
    half = MARGIN * (high - low) / 2
    middle = (low + high) / 2
    first, second = (np.linspace(m - h, m + h, size) for m, h in zip(middle, half, strict=True))
    return first, second


def plane(run: Training, point: Points, size: int = GRID) -> Points:
    """Evaluate P(class 1) over the map, shape (size, size), for a flat point of the weights.

    Raises
    ------
    InvalidProblem
        If the network has not two inputs and one probability.
    """
    if not is_plane(run):
        raise InvalidProblem(
            f"A map needs a network with two inputs and one probability; {run.problem.name!r} is "
            "none that the catalogue knows."
        )
    first, second = np.meshgrid(*axes_of(run.problem.data["X"], size))
    inputs = np.column_stack([first.ravel(), second.ravel()]).astype(run.problem.dtype)
    y = probabilities(run.problem, run.at(point), inputs)
    assert y is not None
    return y.reshape(size, size)


def map_figure(run: Training) -> Figure:
    """Draw P(class 1) before training, after it, and after it with the samples on top."""
    first, second = axes_of(run.problem.data["X"], 2)
    # Panels are about 1.95 inches wide; as high as they come out, the colour bar fits beside them.
    shape = (second[-1] - second[0]) / (first[-1] - first[0])
    figure = new_figure(7.0, 0.6 + 1.95 * shape)
    before, after = plane(run, run.points[0]), plane(run, run.last)
    with mpl.rc_context(RC):
        panels = figure.subplots(1, 3, sharex=True, sharey=True)
        titles = ("before training", f"after {run.epochs:,} epochs", "and samples")
        for axes, y, title in zip(panels, (before, after, after), titles, strict=True):
            mesh = _draw(axes, run, y)
            axes.set_title(title, loc="left")
            axes.set_xlabel("$x_1$")
        panels[0].set_ylabel("$x_2$", rotation=0, labelpad=8)
        _samples(panels[2], run)
        panels[2].legend(
            loc="lower right", bbox_to_anchor=(1.02, 1.01), ncols=2, handletextpad=0,
            columnspacing=0.8, borderaxespad=0,
        )  # fmt: skip
        _colour_bar(figure, mesh, panels)
    return figure


def map_frame(run: Training) -> pd.DataFrame:
    """Return the maps before and after as rows x1, x2, before, after, on a coarser grid."""
    first, second = np.meshgrid(*axes_of(run.problem.data["X"], COARSE))
    return pd.DataFrame(
        {
            "x1": first.ravel(),
            "x2": second.ravel(),
            "before": plane(run, run.points[0], COARSE).ravel(),
            "after": plane(run, run.last, COARSE).ravel(),
        }
    )


def animation(run: Training, frames: int = FRAMES) -> bytes:
    """Return a GIF of the map while the network learns, the loss beside it.

    Early epochs, in which most happens, have more pictures: they are spaced evenly in the logarithm
    of the epoch.
    """
    from PIL import Image

    kept = _moments(len(run.points), frames)
    pictures = [Image.open(BytesIO(_frame(run, index))).convert("RGB") for index in kept]
    # One palette for all pictures: no colour flickers from one to the next.
    width, height = pictures[0].size
    several = Image.new("RGB", (width, 3 * height))
    for place, picture in enumerate((pictures[0], pictures[len(pictures) // 2], pictures[-1])):
        several.paste(picture, (0, place * height))
    palette = several.quantize(256)
    shown = [picture.quantize(palette=palette) for picture in pictures]
    buffer = BytesIO()
    shown[0].save(
        buffer, format="GIF", save_all=True, append_images=shown[1:], loop=0,
        duration=[700, *[90] * (len(shown) - 2), 2500][: len(shown)], optimize=False,
    )  # fmt: skip
    return buffer.getvalue()


def _moments(count: int, frames: int) -> Sequence[int]:
    spaced = np.geomspace(1, count, min(frames, count)) - 1
    return [int(index) for index in np.unique(spaced.round())]


def _frame(run: Training, index: int) -> bytes:
    figure = new_figure(6.0, 2.7)
    figure.set_dpi(110)
    with mpl.rc_context(RC):
        left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
        epoch = index * run.every
        mesh = _draw(left, run, plane(run, run.points[index], 101))
        _samples(left, run)
        left.legend(
            loc="lower right", bbox_to_anchor=(1.02, 1.01), ncols=2, handletextpad=0,
            columnspacing=0.8, borderaxespad=0,
        )  # fmt: skip
        left.set(xlabel="$x_1$", ylabel="$x_2$")
        left.set_title(f"epoch {epoch:,}", loc="left")
        _colour_bar(figure, mesh, [left])
        right.plot(np.arange(len(run.losses)), run.losses, color="#BBBBBB")
        right.plot(np.arange(epoch + 1), run.losses[: epoch + 1], color="black")
        right.plot([epoch], [run.losses[epoch]], "o", color="black")
        right.set(xlabel="epoch", ylabel="loss L", ylim=(0, None))
        buffer = BytesIO()
        figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _draw(axes: Any, run: Training, y: Points) -> Any:
    first, second = axes_of(run.problem.data["X"], len(y))
    mesh = axes.pcolormesh(
        first, second, y, cmap=COLOURS, vmin=0, vmax=1, shading="gouraud", rasterized=True
    )
    if y.min() < 0.5 < y.max():
        for colour, width in (("white", 2.2), ("black", 0.9)):
            axes.contour(first, second, y, [0.5], colors=colour, linewidths=width)
    axes.set(xlim=(first[0], first[-1]), ylim=(second[0], second[-1]), aspect="equal")
    axes.grid(visible=False)
    return mesh


def _samples(axes: Any, run: Training) -> None:
    X, t = run.problem.data["X"], run.problem.data["t"].ravel()
    for value, marker, colour in ((0, "o", "white"), (1, "^", "black")):
        edge = "black" if value == 0 else "white"
        chosen = X[t == value]
        axes.plot(
            *chosen.T, marker, color=colour, markeredgecolor=edge, markeredgewidth=0.4,
            markersize=3.2, label=f"class {value}",
        )  # fmt: skip


def _colour_bar(figure: Figure, mesh: Any, panels: Any) -> None:
    bar = figure.colorbar(mesh, ax=panels, aspect=25, pad=0.015, ticks=[0, 0.25, 0.5, 0.75, 1])
    bar.set_label("P(class 1)")
    bar.ax.axhline(0.5, color="white", linewidth=2.2)
    bar.ax.axhline(0.5, color="black", linewidth=0.9)
    bar.outline.set_visible(False)
