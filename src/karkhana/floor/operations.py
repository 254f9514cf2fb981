"""The one door through which events enter the record (docs/gate.md)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import psycopg
from django.db import connection, transaction

from karkhana.floor.intake import Entry, Raw, Unreadable, read_batch
from karkhana.floor.loading import load_world
from karkhana.floor.rules import Trail, World, apply, decide, no, refused
from karkhana.floor.rules.goods import subject_of
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger import saving, store

_ENCODER = msgspec.json.Encoder()
_TRIES = 6
_HOLDS = (ev.HoldPlaced, ev.HoldReleased)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event.

    Args:
        status: ``repeated`` means that the event was in the record already; ``refusal`` is then what
            was said the first time.
        event_id: as the producer made it; None when the event could not be read that far.
    """

    status: Literal["accepted", "refused", "repeated"]
    event_id: str | None
    refusal: Refusal | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        refusal = self.refusal.as_dict() if self.refusal else None
        return {"id": self.event_id, "status": self.status, "refusal": refusal}


def record_events(batch: bytes | Sequence[Raw], *, recorded_at: dt.datetime) -> list[Outcome]:
    """Gate a batch of events and write all of it, refusals included, in one transaction.

    Args:
        batch: a JSON array of events, or the JSON of each event by itself; at most ``BATCH_MAX``.
        recorded_at: now, with time zone.

    Returns:
        One outcome per event, in order.

    Raises:
        Refused: ``batch.malformed`` or ``batch.too_large``; then nothing was written.
    """
    entries = read_batch(batch)
    fresh = _without_doubles(entries)
    written = _write_with_tries(fresh, recorded_at) if fresh else {}
    return _outcomes(entries, written)


def _without_doubles(entries: list[Entry | Unreadable]) -> dict[int, Entry]:
    """Return the entries to write by index: the first of each id, and any that contradicts it."""
    first: dict[str, Entry] = {}
    fresh: dict[int, Entry] = {}
    for index, entry in enumerate(entries):
        if isinstance(entry, Entry):
            known = first.setdefault(entry.event_id, entry)
            if known is entry or known.body != entry.body:
                fresh[index] = entry
    return fresh


def _outcomes(entries: list[Entry | Unreadable], written: dict[int, Outcome]) -> list[Outcome]:
    """Line up the outcomes; an event that stands twice in the batch repeats its first one."""
    first: dict[str, Outcome] = {}
    outcomes = []
    for index, entry in enumerate(entries):
        if isinstance(entry, Unreadable):
            outcomes.append(Outcome("refused", entry.event_id, entry.refusal))
            continue
        outcome = written.get(index)
        if outcome is None:
            outcome = Outcome("repeated", entry.event_id, first[entry.event_id].refusal)
        first.setdefault(entry.event_id, outcome)
        outcomes.append(outcome)
    return outcomes


def _write_with_tries(fresh: dict[int, Entry], recorded_at: dt.datetime) -> dict[int, Outcome]:
    """Write a batch, again when another one was quicker with the same event, serial or identity."""
    known: dict[str, store.Known] = {}
    nested = connection.in_atomic_block
    for _ in range(_TRIES):
        try:
            with transaction.atomic():
                return _write(fresh, recorded_at, known, nested=nested)
        except psycopg.errors.UniqueViolation as error:
            if error.diag.constraint_name == "ledger_receipt_pkey":
                known = _find_known(fresh)
        except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
            continue
        except psycopg.errors.CheckViolation:
            # The month's partition is gone: another database took the place of the one that had it.
            _MONTHS.clear()
    with transaction.atomic():
        return _write(fresh, recorded_at, known, nested=nested)


def _find_known(fresh: dict[int, Entry]) -> dict[str, store.Known]:
    with transaction.atomic():
        cursor = store.raw_cursor(connection)
        store.begin(cursor)
        return store.known_events(cursor, [entry.event_id for entry in fresh.values()])


def _write(
    fresh: dict[int, Entry], recorded_at: dt.datetime, known: dict[str, store.Known], *, nested: bool
) -> dict[int, Outcome]:
    cursor = store.raw_cursor(connection)
    # A hold counts from its commit on for every batch, so no other may be half way through.
    store.begin(cursor, alone=any(isinstance(entry.event, _HOLDS) for entry in fresh.values()))
    _ensure_month(cursor, recorded_at)
    outcomes = _answer_known(fresh, known)
    undecided = [entry.event for index, entry in fresh.items() if index not in outcomes]
    # Places in the record are drawn while the units are locked, so that the record's order is the order
    # in which each unit's events were decided.
    world = load_world(cursor, undecided)
    seq = store.allocate(cursor, len(fresh))
    lines: list[str] = []
    receipts: list[tuple[str, int]] = []
    stamp = recorded_at.isoformat()
    for index, entry in fresh.items():
        entry.seq = seq
        seq += 1
        outcome = outcomes.get(index)
        if outcome is None:
            receipts.append((entry.event_id, entry.seq))
            refusal = decide(world, entry.event, recorded_at)
        elif outcome.status == "repeated":
            continue
        else:
            refusal = outcome.refusal
        if refusal is None:
            trail = apply(world, entry.event, entry.seq)
            outcomes[index] = Outcome("accepted", entry.event_id)
        else:
            refused(world, entry.event, refusal)
            trail = Trail(_subject(entry.event))
            outcomes[index] = Outcome("refused", entry.event_id, refusal)
        lines.append(_line(world, entry, stamp, trail, refusal))
    store.append_receipts(cursor, receipts)
    store.append_events(cursor, lines)
    saving.save(cursor, world.changes, replaying=nested)
    return outcomes


_MONTHS: set[tuple[str, int, int]] = set()


def _ensure_month(cursor: store.Cursor, recorded_at: dt.datetime) -> None:
    utc = recorded_at.astimezone(dt.UTC)
    key = (cursor.connection.info.dbname, utc.year, utc.month)
    if key not in _MONTHS:
        store.make_partition(cursor, utc.date())
        transaction.on_commit(lambda: _MONTHS.add(key))


def _answer_known(fresh: dict[int, Entry], known: dict[str, store.Known]) -> dict[int, Outcome]:
    """Answer what was recorded before, and what contradicts it or an earlier event of this batch."""
    bodies = {event_id: found.body for event_id, found in known.items()}
    outcomes: dict[int, Outcome] = {}
    for index, entry in fresh.items():
        event_id = entry.event_id
        if bodies.setdefault(event_id, entry.body) != entry.body:
            outcomes[index] = Outcome("refused", event_id, no("event.conflict", id=event_id))
        elif event_id in known:
            detail = known[event_id].detail
            refusal = Refusal(**json.loads(detail)) if detail else None
            outcomes[index] = Outcome("repeated", event_id, refusal)
    return outcomes


def _subject(event: ev.Event) -> str | None:
    """Return what a refused event is about, so that it shows in the history of its unit or lot."""
    for name in ("unit", "lot", "parent", "shipment", "target", "hold"):
        value = getattr(event, name, None)
        if value is not None:
            return str(value)
    if isinstance(event, ev.TransformationEvent):
        return subject_of(event)
    return None


def _line(world: World, entry: Entry, stamp: str, trail: Trail, refusal: Refusal | None) -> str:
    """Return an event's line in COPY text, in the order of ``store.EVENT_COLUMNS``."""
    event, null, escape = entry.event, "\\N", store.escape
    station = world.reference.stations.get(event.station)
    detail = escape(_ENCODER.encode(refusal.as_dict()).decode()) if refusal else null
    return (
        f"{entry.seq}\t{stamp}\t{event.at.isoformat()}\t{trail.began_at or null}\t{entry.event_id}\t"
        f"{type(event).__name__}\t{escape(station.plant) if station else ''}\t{escape(event.station)}\t"
        f"{null if event.actor is None else escape(event.actor)}\t"
        f"{null if trail.subject is None else escape(trail.subject)}\t"
        f"{null if trail.step is None else trail.step}\t{refusal.code if refusal else null}\t{detail}\t"
        f"{escape(entry.body)}\t{' '.join(world.grants) if world.grants and not refusal else null}\n"
    )
