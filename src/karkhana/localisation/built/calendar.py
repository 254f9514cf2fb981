"""On which day a unit counts: the day of its completion on the calendar of the plant that completed it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from karkhana.ledger.store import Cursor

HOME_ZONE = "Asia/Kolkata"
PLANT = (
    "coalesce((SELECT p.code FROM floor_station s JOIN floor_line l ON l.id = s.line_id"
    " JOIN floor_plant p ON p.id = l.plant_id WHERE s.code = u.station),"
    " (SELECT e.plant FROM ledger_event e WHERE e.subject = u.serial AND e.refusal IS NULL"
    " ORDER BY e.seq DESC LIMIT 1), '')"
)
"""SQL: the plant of a row u of ``ledger_unit``: where it stands, or where the record last speaks of it."""


def zones(cursor: Cursor) -> dict[str, str]:
    """Return the time zone of every plant; under '' that of a unit whose plant cannot be told."""
    cursor.execute("SELECT code, time_zone FROM floor_plant")
    found: dict[str, str] = dict(cursor.fetchall())
    names = set(found.values())
    return {**found, "": names.pop() if len(names) == 1 else HOME_ZONE}


def day_of_unit(cursor: Cursor, unit: dict[str, Any]) -> tuple[str, dt.date]:
    """Return the plant of a unit, and the day of its completion there, or of its last move before that."""
    cursor.execute(f"SELECT {PLANT} FROM ledger_unit u WHERE u.serial = %s", [unit["serial"]])
    row = cursor.fetchone()
    plant = str(row[0]) if row else ""
    at: dt.datetime = unit["completed_at"] or unit["moved_at"]
    known = zones(cursor)
    return plant, at.astimezone(ZoneInfo(known.get(plant, known[""]))).date()
