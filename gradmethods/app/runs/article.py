"""The article, executed: training, pictures and what goes wrong, with every method, in one folder.

It runs and writes; what is computed lives in `training`, `seeds` and `pathologies`, how it looks in
`report`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gradmethods import problems
from gradmethods.app.runs.begin import say
from gradmethods.core.problem import Problem
from gradmethods.errors import GradientError
from gradmethods.problems.options import positive, whole
from gradmethods.providers import get_provider
from gradmethods.studies import pathologies
from gradmethods.studies.training import EPOCHS, INTERRUPTED, RATE, train_together, undisturbed

if TYPE_CHECKING:
    import pandas as pd

    from gradmethods.output.items import Folder

METHODS = ("backprop", "analytical", "numerical")
"""Names of the methods of ``--method all``; the others are compared with the first."""

PLANE = ("island", "xor", "moons")

CERTIFIED = {"digits": 64, "breast-cancer": 257}
"""Number of certified components, by problem."""

EVERY = (
    "backprop",
    "analytical:chain-rule",
    "analytical:cse",
    "numerical:forward",
    "numerical",
    "numerical:five-point",
    "numerical:complex-step",
)

STOPPED = 130
"""Exit status of a run that its user stopped, as a shell gives it."""


def methods(names: str) -> list[Any]:
    """Return the providers that a command names.

    Parameters
    ----------
    names : str
        ``"all"`` for the three methods, or names with commas between them.
    """
    chosen = METHODS if names == "all" else names.split(",")
    return [get_provider(name.strip()) for name in chosen]


def run_training(
    problem: Problem,
    names: str,
    out: Path | str,
    *,
    epochs: int = EPOCHS,
    rate: float = RATE,
    seed: int = 0,
    animate: bool = False,
) -> int:
    """Train one problem with one or several methods, and write curves, maps, weights and a table.

    Parameters
    ----------
    problem : Problem
        Where to start, and on what data.
    names : str
        As in `methods`.
    out : path
        Folder to write to.
    epochs, rate
        As in `gradmethods.train`.
    seed : int
        For the provenance.
    animate : bool
        Write a GIF of the map while it learns.

    Returns
    -------
    int
        0, or 130 if the user interrupted the training: what it had is written.
    """
    from gradmethods.output.terminal import framed
    from gradmethods.report.article.training import remarks, write_training

    # Before the folder is cleared: a typing error must not cost an earlier run.
    providers = methods(names)
    epochs, rate = whole("epochs", epochs, least=1), positive("rate", rate)
    with _folder(out, seed) as folder:
        runs = train_together(problem, providers, epochs=epochs, rate=rate)
        stopped = any(run.stopped == INTERRUPTED for run in runs)
        if stopped:
            say("\nInterrupted. Writing what there is ...")
        shown = write_training(folder, runs, animate=animate)
        if not stopped:
            folder.finish()
    where = f"Figures, tables and weights are in {out}."
    _say("\n\n".join([framed(shown), *remarks(runs), where]))
    return STOPPED if stopped else 0


def run_article(
    out: Path | str, *, seeds: int = 20, epochs: int = EPOCHS, animate: bool = False
) -> int:
    """Run all that the article shows and warns of, and write figures and tables.

    Parameters
    ----------
    out : path
        Folder to write to.
    seeds : int
        Runs on each data set of the plane.
    epochs : int
        Of each run.
    animate : bool
        Write a GIF for each data set of the plane.

    Returns
    -------
    int
        0. Each part is on disk before the next begins: one that is stopped has what was finished.
    """
    from gradmethods.output.terminal import framed
    from gradmethods.report.article.dying_relus import write_dying
    from gradmethods.report.article.gradient_norms import write_norms
    from gradmethods.report.article.tables import write_real, write_seeds
    from gradmethods.report.article.training import write_training
    from gradmethods.report.article.wrong_predictions import write_wrong
    from gradmethods.studies.seeds import seed_study

    seeds, epochs = whole("seeds", seeds, least=1), whole("epochs", epochs, least=1)

    def trained(folder: Folder, name: str) -> pd.DataFrame:
        problem = problems.get(name)
        runs = train_together(problem, methods("all"), epochs=epochs)
        for run in runs:
            undisturbed(run)
        return write_training(folder, runs, animate=animate)

    def seeded(folder: Folder) -> pd.DataFrame:
        import pandas as pd

        study = pd.concat([seed_study(name, range(seeds), epochs=epochs) for name in PLANE])
        return write_seeds(folder, study, epochs)

    parts: dict[str, Callable[[Folder], pd.DataFrame]] = {
        **{f"training on {name}": partial(trained, name=name) for name in PLANE},
        f"training from {seeds} seeds": seeded,
        "gradients against depth": lambda f: write_norms(f, pathologies.gradient_norms()),
        "dying ReLUs": lambda f: write_dying(f, pathologies.dying_units()),
        "squared error against cross entropy": lambda f: write_wrong(
            f, pathologies.logit_gradients(), pathologies.wrong_start()
        ),
    }
    reasons = {problems.describe(name).missing() for name in CERTIFIED} - {None}
    if CERTIFIED and not reasons:
        parts["gradients on real data"] = lambda f: write_real(f, real_gradients())
    with _folder(out, 0) as folder:
        for place, (title, part) in enumerate(parts.items(), 1):
            start = time.perf_counter()
            shown = part(folder)
            took = time.perf_counter() - start
            _say(f"[{place}/{len(parts)}] {title} ({took:.0f} s)\n\n{framed(shown)}\n")
        folder.finish()
    for reason in reasons:
        _say(f"Left out, the gradients on real data: {reason}")
    _say(f"Figures and tables are in {out}.")
    return 0


def real_gradients(
    names: Sequence[str] = tuple(CERTIFIED), providers: Sequence[str] = EVERY
) -> pd.DataFrame:
    """Compare the gradients of every method on real data with certified ones.

    Returns
    -------
    pandas.DataFrame
        A row for each problem and provider: problem, n, provider, passes, error, worst, slopes,
        coverage, and the obstacle of a method that refuses.
    """
    import pandas as pd

    from gradmethods.engines.certified import certified_sample

    rows = []
    for name in names:
        problem = problems.get(name)
        sample = certified_sample(problem, components=CERTIFIED[name])
        for provider in map(get_provider, providers):
            row = {"problem": name, "n": problem.size, "provider": provider.name, "obstacle": ""}
            row["coverage"] = f"{name}: {sample.coverage}."
            try:
                prepared = provider.prepare(problem)
                gradient = prepared(problem.params).gradient
            except GradientError as error:
                rows.append(row | {"obstacle": str(error)})
                continue
            row["passes"] = prepared.forward_passes
            rows.append(row | sample_errors(sample, gradient))
    return pd.DataFrame(rows)


def sample_errors(sample: Any, gradient: Any) -> dict[str, float]:
    """Measure a gradient against a certified sample: norm, worst component and slopes, relative."""
    truth = np.array([float(ball.mid()) for ball in sample.partials])
    slopes = np.array([float(ball.mid()) for ball in sample.slopes])
    wrong = sample.component_error(gradient)
    some = truth != 0
    return {
        "error": float(np.linalg.norm(wrong) / np.linalg.norm(truth)),
        "worst": float((abs(wrong[some]) / abs(truth[some])).max()),
        "slopes": float(
            np.linalg.norm(sample.directional_error(gradient)) / np.linalg.norm(slopes)
        ),
    }


@contextmanager
def _folder(out: Path | str, seed: int) -> Iterator[Folder]:
    from gradmethods.app.runs.begin import clear
    from gradmethods.output.items import Folder
    from gradmethods.output.run_folder import folder_of, locked
    from gradmethods.report.cite import write_references
    from gradmethods.timing.provenance import provenance

    path = folder_of(out)
    with locked(path):
        clear(path)
        command = [Path(sys.argv[0]).name, *sys.argv[1:]]
        yield Folder(path, provenance(command, seed=seed, finished=False))
        write_references(path)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
