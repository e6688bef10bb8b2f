"""Records of an accuracy run as tidy data frames. The data behind every table and figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

Records = Iterable[Mapping[str, Any]]

ATLAS = "atlas"
_CURVE = ("problem", "dtype", "scheme", "provider", "n", "components")


def points_frame(records: Records) -> pd.DataFrame:
    """One row per problem, dtype, scheme and step of the atlas."""
    columns = [*_CURVE, "step", "error", "worst", "median", "predicted", "passes", "lost"]
    rows = [
        {name: record[name] for name in _CURVE} | point
        for record in _measured(records, ATLAS)
        for point in record["points"]
    ]
    return pd.DataFrame(rows, columns=columns).astype({"passes": "Int64"})


def steps_frame(records: Records) -> pd.DataFrame:
    """One row per problem, dtype and scheme of the atlas: best, theoretical and default step."""
    rows = []
    for record in _measured(records, ATLAS):
        row = {name: record[name] for name in _CURVE}
        for kind in ("best", "theory", "default"):
            point = record[kind] or {}
            row |= {f"{kind}_{name}": point.get(name) for name in ("step", "error", "passes")}
        row["predicted_error"] = (record["theory"] or {}).get("predicted")
        row |= {f"default_{end}": record["default"].get(end) for end in ("step_low", "step_high")}
        rows.append(row | {name: record[name] for name in ("noise", "bend", "slope")})
    frame = pd.DataFrame(rows)
    floats = [x for x in frame if x.endswith(("_step", "_error", "_low", "_high"))]
    frame = frame.astype(dict.fromkeys([*floats, "noise", "bend", "slope"], float))
    frame["step_ratio"] = frame["theory_step"] / frame["best_step"]
    frame["default_ratio"] = frame["default_error"] / frame["best_error"]
    return frame


def _measured(records: Records, kind: str) -> list[Mapping[str, Any]]:
    return [r for r in records if r["kind"] == kind and r["outcome"] == "measured"]
