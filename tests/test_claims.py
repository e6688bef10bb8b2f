"""The ledger of claims: verdicts on exact counts are tests, and every criterion can fail."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

import gradmethods as gm
from gradmethods import ledger
from gradmethods.claims import (
    LEDGER,
    claims_rows,
    constant,
    depth,
    elimination,
    factors,
    million,
    passes,
    precision,
    preparation,
    programs,
    saturation,
    sharing,
)
from gradmethods.claims.claim import (
    REFUTED,
    SUPPORTED,
    UNDECIDED,
    Decision,
    Evidence,
    Finding,
    inside,
)
from gradmethods.claims.programs import PROGRAM, SHARED, STAGES, Size
from gradmethods.claims.timings import Timing, measured
from gradmethods.errors import InvalidOption
from gradmethods.graph import record
from gradmethods.report.claims import ledger_text, ordered
from gradmethods.report.files import append_record, read_records
from gradmethods.tape import differentiate, sweep
from tests_path import load

report_records = load("report_records")


def verdicts(finding):
    return {name: decision.verdict for name, decision in finding.decisions.items()}


@pytest.fixture(scope="module")
def counts():
    return programs.sweeps(math.inf if False else 40.0)
