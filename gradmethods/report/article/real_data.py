"""Gradients of every method on real data, compared with certified ones: a table."""

from __future__ import annotations

import pandas as pd

from gradmethods.output import format as fmt
from gradmethods.output.caption import Caption
from gradmethods.output.items import Folder
from gradmethods.providers.registry import style_of


def write_real(folder: Folder, table: pd.DataFrame) -> pd.DataFrame:
    """Write the errors of every method on real data; return the table for readers."""
    shown = pd.DataFrame(
        [
            {
                "Problem": row["problem"],
                "n": fmt.count(row["n"]),
                "Method": style_of(row["provider"]).label,
                "Passes": fmt.count(row["passes"]),
                "Error": fmt.error(row["error"]),
                "Worst component": fmt.error(row["worst"]),
                "Along directions": fmt.error(row["slopes"]),
                "Reason": fmt.shortened(row["obstacle"]) if row["obstacle"] else "",
            }
            for row in table.to_dict("records")
        ]
    )
    covered = " ".join(dict.fromkeys(table["coverage"]))
    folder.table(
        "real-gradients", table, shown,
        Caption(
            "Gradients on real data against certified ones",
            "Error: norm of the difference ÷ norm of the truth, over the certified components; "
            "worst component: largest relative difference of one that is not 0; along directions: "
            "the same, root mean square, of the products with random directions. Certified: "
            f"{covered}",
        ),
    )  # fmt: skip
    return shown
