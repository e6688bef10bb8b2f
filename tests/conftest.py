"""What holds for all tests: they run side by side, and what they start does not know of it."""

from __future__ import annotations

import gc
import os

import pytest

from gradmethods.providers import spreading
from tests.report_records import draw_nothing, draw_svg_alone

# pytest-xdist sets it for its workers; a benchmark that a test starts would take itself for one.
os.environ.pop("PYTEST_XDIST_WORKER", None)


def pytest_collection_finish():
    """Leave modules and collected tests out of every later search for garbage.

    A measurement collects garbage before its first round, and would go through all of them.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture
def svg_alone(monkeypatch):
    """Write figures as SVG alone, where what is tested is not their formats."""
    draw_svg_alone(monkeypatch)


@pytest.fixture
def undrawn(monkeypatch):
    """Leave the figures of reports empty, where what is tested is the rest of a report."""
    draw_nothing(monkeypatch)


@pytest.fixture
def many_parts(monkeypatch):
    """Cut parts as short as for a slow loss, so that there are many."""
    for least in ("SHORT", "DELAYS"):
        monkeypatch.setattr(spreading, least, 0.0)
