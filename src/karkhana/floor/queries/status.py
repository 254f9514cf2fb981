"""A line's status as plain data, for programs."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from karkhana.floor.queries import board, places
from karkhana.floor.queries.tallies import day_of


def line_status(code: str, now: dt.datetime, day: dt.date | None) -> dict[str, Any] | None:
    """Return the line board of a plant-local day (None: today) as a dictionary, None for an unknown line."""
    line = places.find_line(code, places.plants())
    if line is None:
        return None
    return asdict(board.line_board(line, now, day_of(line.zone, now, day)))
