"""The gallery, measured once for all tests that look at it."""

from __future__ import annotations

from functools import cache
from typing import Any

from gradmethods.studies.accuracy.hard_cases import hard_case_rows


@cache
def measured() -> list[dict[str, Any]]:
    return hard_case_rows()
