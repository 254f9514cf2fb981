"""Lists of units, events and refusals, one page at a time by key, and the search by any identity.

Conditions are put together from the constants below; every value travels as a parameter.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from karkhana.floor.queries.held import holds_of_units
from karkhana.floor.queries.rows import fetch, fetch_bounded

Row = TypeVar("Row")
PAGE = 50
#: Clocks may run this far ahead of the record (``event.time``), so a happening may be recorded before it.
_CLOCK_MARGIN = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit in a list."""

    serial: str
    kind: str
    product: str | None
    revision: str | None
    brand: str | None
    state: str
    next_step: int
    station: str | None
    moved_at: dt.datetime
    holds: int
    parent: str | None


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in a list; ``refusal`` is the refusal's JSON form, None when accepted."""

    seq: int
    happened_at: dt.datetime
    type: str
    station: str
    actor: str | None
    subject: str | None
    step: int | None
    failed: bool
    refusal: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list; ``after`` is the key of the next one, None on the last."""

    rows: tuple[Row, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class UnitFilter:
    """What units a list shows; empty means no restriction.

    Args:
        waiting_since: only units that nothing has happened to since.
        stations: only units that stand at one of these.
        failed_step: only units that failed this step at some time.
        finished: only units that were finished at some time.
    """

    states: tuple[str, ...] = ()
    product: str = ""
    brand: str = ""
    work_order: str = ""
    parent: str = ""
    step: int | None = None
    stations: tuple[str, ...] | None = None
    held: bool = False
    waiting_since: dt.datetime | None = None
    failed_step: int | None = None
    finished: bool = False


def encode_key(parts: Sequence[Any]) -> str:
    """Write a page key for an address."""
    return base64.urlsafe_b64encode(json.dumps(list(parts)).encode()).decode().rstrip("=")


def decode_key(text: str, kinds: tuple[type, ...]) -> list[Any] | None:
    """Read a page key back; None when it is not one (the list then begins at its start)."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return None
    right = isinstance(parts, list) and len(parts) == len(kinds)
    if not right or any(type(part) is not kind for part, kind in zip(parts, kinds, strict=True)):
        return None
    if any(isinstance(part, int) and abs(part) >= 2**63 for part in parts):
        return None
    return None if any(isinstance(part, str) and "\x00" in part for part in parts) else parts


_UNIT_COLUMNS = "serial, kind, product, revision, brand, state, next_step, station, moved_at, {holds}, parent"
_IN_PROCESS = ("in_process", "failed")


def unit_page(wanted: UnitFilter, after: str = "", limit: int = PAGE) -> Page[UnitRow]:
    """Return units in order of their serial numbers.

    Raises:
        Refused: ``list.too_wide`` when no index helps and the table is large.
    """
    where, parameters = _unit_conditions(wanted)
    holds, targets = holds_of_units()
    if wanted.held:
        where.append(f"{holds} > 0")
        parameters += targets
    key = decode_key(after, (str,)) if after else None
    if key:
        where.append("serial > %s")
        parameters.append(key[0])
    condition = " AND ".join(where) or "true"
    rows = fetch_bounded(
        f"SELECT {_UNIT_COLUMNS.format(holds=holds)} FROM ledger_unit WHERE {condition}"
        " ORDER BY serial LIMIT %s",
        [*targets, *parameters, limit + 1],
    )
    found = tuple(UnitRow(*row) for row in rows[:limit])
    return Page(found, encode_key([found[-1].serial]) if len(rows) > limit else None)


def _unit_conditions(wanted: UnitFilter) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    parameters: list[Any] = []
    states = wanted.states
    if (wanted.stations is not None or wanted.waiting_since or wanted.step) and not states:
        states = _IN_PROCESS
    if states:
        # Spelt out, not as a parameter: only so may the planner use the partial index of units in process.
        known = ", ".join(f"'{state}'" for state in states if state.replace("_", "").isalpha())
        where.append(f"state IN ({known or 'NULL'})")
    for column, value in (
        ("product", wanted.product),
        ("brand", wanted.brand),
        ("work_order", wanted.work_order),
        ("parent", wanted.parent),
        ("next_step", wanted.step),
    ):
        if value:
            where.append(f"{column} = %s")
            parameters.append(value)
    if wanted.stations is not None:
        where.append("station = ANY(%s)")
        parameters.append(list(wanted.stations))
    if wanted.failed_step:
        where.append("%s = ANY(failed_steps)")
        parameters.append(wanted.failed_step)
    if wanted.finished:
        where.append("completed_at IS NOT NULL AND kind = 'unit'")
    if wanted.waiting_since:
        where.append("moved_at < %s")
        parameters.append(wanted.waiting_since)
    return where, parameters


_EVENT_COLUMNS = (
    "seq, happened_at, type, station, actor, subject, step,"
    ' coalesce(body LIKE \'%%"result":"Failed"%%\', false), detail'
)
_RESULTS = {"passed": False, "failed": True}


def event_page(
    stations: Sequence[str],
    since: dt.datetime,
    until: dt.datetime,
    result: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Page[EventRow]:
    """Return accepted events at stations, latest first: what is behind a number on a board.

    Args:
        result: ``passed`` or ``failed`` for results of steps only, ``shipped`` for what left.
    """
    where = ["station = ANY(%s)", "happened_at >= %s", "happened_at < %s", "refusal IS NULL",
             "recorded_at >= %s"]  # fmt: skip
    parameters: list[Any] = [list(stations), since, until, since - _CLOCK_MARGIN]
    if result in _RESULTS:
        # A box passes the packing of what is put into it without naming the step.
        where.append("(step IS NOT NULL OR type = 'AggregationEvent')")
        where.append(f'{"" if _RESULTS[result] else "NOT "}body LIKE \'%%"result":"Failed"%%\'')
    elif result == "shipped":
        where.append("type = 'ShippingEvent'")
    key = decode_key(after, (str, int)) if after else None
    moment = _moment(key[0]) if key else None
    if key and moment:
        where.append("(happened_at, seq) < (%s, %s)")
        parameters += [moment, key[1]]
    rows = fetch_bounded(
        f"SELECT {_EVENT_COLUMNS} FROM ledger_event WHERE {' AND '.join(where)}"
        " ORDER BY happened_at DESC, seq DESC LIMIT %s",
        [*parameters, limit + 1],
    )
    found = tuple(_event_row(row) for row in rows[:limit])
    last = found[-1] if found else None
    return Page(
        found,
        encode_key([last.happened_at.isoformat(), last.seq]) if last and len(rows) > limit else None,
    )


def refusal_page(
    stations: Sequence[str] | None,
    since: dt.datetime,
    until: dt.datetime,
    code: str = "",
    after: str = "",
    limit: int = PAGE,
) -> Page[EventRow]:
    """Return refused events, the latest recorded first."""
    where = [
        "refusal IS NOT NULL",
        "recorded_at >= %s",
        "happened_at >= %s",
        "happened_at < %s",
    ]
    parameters: list[Any] = [since - _CLOCK_MARGIN, since, until]
    if stations is not None:
        where.append("station = ANY(%s)")
        parameters.append(list(stations))
    if code:
        where.append("refusal = %s")
        parameters.append(code)
    key = decode_key(after, (int,)) if after else None
    if key:
        where.append("seq < %s")
        parameters.append(key[0])
    rows = fetch_bounded(
        f"SELECT {_EVENT_COLUMNS} FROM ledger_event WHERE {' AND '.join(where)} ORDER BY seq DESC LIMIT %s",
        [*parameters, limit + 1],
    )
    found = tuple(_event_row(row) for row in rows[:limit])
    return Page(found, encode_key([found[-1].seq]) if len(rows) > limit else None)


def _event_row(row: tuple[Any, ...]) -> EventRow:
    detail = json.loads(row[8]) if row[8] else None
    return EventRow(*(*row[:8], detail))


def _moment(text: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


@dataclass(frozen=True, slots=True)
class Found:
    """Something that a search text names: kind is unit, part, lot, or the kind of an identity."""

    kind: str
    text: str
    serial: str | None


def search(text: str, limit: int = 20) -> tuple[Found, ...]:
    """Find units, lots and parts by anything that is printed on them: exact first, then by its beginning.

    Separators of a MAC address or an IMEI do not matter.
    """
    wanted = text.strip()
    if not wanted or "\x00" in wanted:
        return ()
    compact = "".join(letter for letter in wanted if letter not in " :-.").upper()
    rows = fetch(
        "SELECT kind, serial, serial FROM ledger_unit WHERE serial = %s"
        " UNION ALL SELECT kind, value, unit FROM ledger_identity WHERE value = ANY(%s)"
        " UNION ALL SELECT part, child, parent FROM ledger_edge WHERE child = %s AND removed_at IS NULL"
        " AND NOT own"
        " UNION ALL SELECT 'lot', lot, NULL FROM ledger_lot WHERE lot = %s LIMIT %s",
        [wanted, [wanted, compact], wanted, wanted, limit],
    )
    if not rows and len(wanted) >= 3:
        # A range of the primary key: works with any collation only because the database's is C.
        rows = fetch(
            "SELECT kind, serial, serial FROM ledger_unit WHERE serial >= %s AND serial < %s"
            " ORDER BY serial LIMIT %s",
            [wanted, wanted + "\U0010ffff", limit],
        )
    return tuple(Found(*row) for row in rows)
