"""Lists the units that an answer is about, a page at a time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db import connection, transaction

from karkhana.floor.recall import recall
from karkhana.ledger import store
from karkhana.localisation.built.selection import Selection
from karkhana.localisation.runs.models import LocalValueRun

PAGE = 100


@dataclass(frozen=True, slots=True)
class BuiltUnit:
    """A unit of a period, with the day on which it counts."""

    serial: str
    product: str
    revision: str
    work_order: str
    day: dt.date


def units_of_run(run: LocalValueRun, *, lot: str = "", after: str = "") -> tuple[list[BuiltUnit], bool]:
    """Return a page of the units of a run in order of their serials, and whether more follow.

    Args:
        lot: only units that hold this lot, or may hold it where it was changed over.
        after: serial that the page begins after.

    Raises:
        Refused: ``lot.unknown``.
    """
    selection = Selection(run.first, run.last, run.product or None, run.brand or None, run.plant or None)
    with transaction.atomic():
        held = recall(lot=lot)["serials"] if lot else None
        cursor = store.raw_cursor(connection)
        sql, values = selection.sql(cursor)
        where, more = "serial > %s", [after]
        if held is not None:
            where += " AND serial = ANY(%s)"
            more.append(held)
        # Only the statement of ``Selection`` is put in; values travel as parameters.
        cursor.execute(
            f"SELECT * FROM ({sql}) found WHERE {where} ORDER BY serial LIMIT %s",  # noqa: S608
            [*values, *more, PAGE + 1],
        )
        rows = [BuiltUnit(*row) for row in cursor.fetchall()]
    return rows[:PAGE], len(rows) > PAGE
