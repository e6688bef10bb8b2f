"""How far a run is, as it is shown."""

from __future__ import annotations

from gradmethods.app.runs.progress import Progress


def test_phases_say_where_a_run_is(capsys):
    """If they did not, five minutes of silence would look like a hang."""
    shown = Progress(2, lambda: 65.4, {"cases": 10.0})
    with shown.phase("cases", 3):
        shown.step("first  case\n")
        shown._write()
    with shown.phase("report"):
        pass
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[:2] == [
        "[1/2] cases 0 of 3, 1:05 left",
        "[1/2] cases 1 of 3, 1:05 left: first case",
    ]
    assert lines[2].startswith("[1/2] cases: 1 done, ")
    assert lines[3] == "[2/2] report, 1:05 left"
    assert list(shown.seconds) == ["cases", "report"]
    assert shown.seconds["cases"] >= 10.0  # with what the run took before it was gone on with
