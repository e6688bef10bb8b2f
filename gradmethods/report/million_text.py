"""A million passes in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gradmethods.output import format as fmt


def result_text(result: Mapping[str, Any]) -> str:
    """Say in a few lines what a run found."""
    rows = [("the loss", {"seconds": result["loss"]["seconds"]})]
    rows += [
        ("backprop", result["backprop"]),
        ("differences, over the graph", result["reuse"]),
        ("differences, black box", result["differences"]),
    ]
    lines = [f"{result['network']}, batch {result['batch']}: {result['n']:,} parameters"]
    for name, row in rows:
        ratio = row.get("ratio")
        times = "" if ratio is None else (
            f"   {fmt.interval(ratio['median'], ratio['low'], ratio['high'])} × loss"
        )  # fmt: skip
        lines.append(f"  {name:<28} {fmt.time(row['seconds']):>8}{times}")
    passes = f"{result['calls']:,} calls of the loss, counted"
    error = f"error {fmt.error(result['errors']['differences'])} against backprop"
    certified = result["certified"]["errors"]
    against = ", ".join(f"{name} {fmt.error(value)}" for name, value in certified.items())
    times = result["differences"]["seconds"] / result["backprop"]["seconds"]
    compared = f"black-box differences took {times:,.0f} times as long as backprop"
    words = (f"{passes}; {error}", compared, f"against certified components: {against}")
    return "\n".join([*lines, *(f"  {part}" for part in words)])
