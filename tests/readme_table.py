"""The measured part of the README: the answer of the committed run, its table and its machine.

`python -m tests.readme_table` writes it anew after a reference run; a test holds it against that.
"""

from __future__ import annotations

import re
from pathlib import Path

from gradmethods.output.files import ACCURACY, PROVENANCE, RECORDS, read_json, records_so_far
from gradmethods.report.answer import methods_frame, sentences
from gradmethods.report.recorded import Recorded

ROOT = Path(__file__).parents[1]
README, RUN = ROOT / "README.md", ROOT / "results/reference"
PART = re.compile(r"(<!-- Written by .*? -->\n).*?(<!-- End of what is written. -->)", re.DOTALL)


def written() -> str:
    """Return the sentences, the table and the machine of the committed run, as Markdown."""
    recorded = Recorded(records_so_far(RUN / RECORDS), records_so_far(RUN / ACCURACY))
    said = [f"- {words}" for words in sentences(methods_frame(recorded))]
    (table,) = re.findall(
        r"^\|.*\|$", (RUN / "tables/tab-methods.md").read_text(), re.MULTILINE | re.DOTALL
    )
    origin = read_json(RUN / PROVENANCE)
    n = methods_frame(recorded)["n"].iloc[0]
    where = (
        f"_Measured at n = {n:,}, the largest that every method reached; right digits over the "
        f"certified problems; in brackets 95 % intervals, of digits the least and the most. "
        f"{origin['date'][:10]}, {origin['machine']['processor']}, {origin['machine']['cores']} "
        f"cores, {origin['python']}, commit {origin['git']['commit'][:10]}: "
        "[the report](results/reference/report.html)._"
    )
    return "\n".join(["", *said, "", table, "", where, "", *_beside()])


def _beside() -> list[str]:
    """Return what the committed comparison with other packages says of speed, if there is one."""
    places = (RUN / "peers", RUN / "peers" / "without-avx512")
    found = [place / "speed.md" for place in places if (place / "speed.md").exists()]
    if not found:
        return [""]
    tables = "; below 1 ours is faster: [all tables](results/reference/peers/tables)."
    said = [f"Beside other packages{tables}", *(path.read_text() for path in found)]
    return ["\n\n".join(text.strip() for text in said), "", ""]


def renewed(text: str) -> str:
    """Return the README with the measured part anew."""
    return PART.sub(lambda part: f"{part[1]}{written()}{part[2]}", text, count=1)


if __name__ == "__main__":
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")
