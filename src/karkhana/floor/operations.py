"""The one door through which events enter the record (docs/gate.md)."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import msgspec
import psycopg
from django.db import connection, transaction

from karkhana.floor.loading import load_world
from karkhana.floor.rules import Trail, World, apply, decide, no, refused
from karkhana.kernel.refusals import Refusal, refuse
from karkhana.ledger import events as ev
from karkhana.ledger import store

BATCH_MAX = 100_000
_EVENT = msgspec.json.Decoder(ev.AnyEvent)
_BATCH = msgspec.json.Decoder(list[msgspec.Raw])
_ENCODER = msgspec.json.Encoder()
_TRIES = 6
_WORTH_ANOTHER_TRY = (
    psycopg.errors.UniqueViolation,
    psycopg.errors.DeadlockDetected,
    psycopg.errors.SerializationFailure,
)


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


@dataclass(slots=True)
class _Entry:
    """An event of the batch on its way into the record."""

    event: ev.Event
    event_id: str
    body: str
    digest: str
    seq: int = 0


def record_events(batch: bytes | Sequence[bytes | msgspec.Raw], *, recorded_at: dt.datetime) -> list[Outcome]:
    """Gate a batch of events and write all of it, refusals included, in one transaction.

    Args:
        batch: a JSON array of events, or the JSON of each event by itself; at most ``BATCH_MAX``.
        recorded_at: now, with time zone.

    Returns:
        One outcome per event, in order.

    Raises:
        Refused: ``batch.malformed`` or ``batch.too_large``; then nothing was written.
    """
    entries, outcomes = _read_batch(_split(batch))
    fresh = _without_doubles(entries, outcomes)
    if not fresh:
        return [outcome for outcome in outcomes if outcome is not None]
    for attempt in range(_TRIES):
        try:
            with transaction.atomic():
                written = _write(fresh, recorded_at)
            break
        except Exception as error:
            # Another batch was quicker with the same serial or identity: the next look sees it.
            if not isinstance(error.__cause__ or error, _WORTH_ANOTHER_TRY) or attempt == _TRIES - 1:
                raise
    for index, outcome in written.items():
        outcomes[index] = outcome
    _answer_doubles(entries, outcomes)
    return [outcome for outcome in outcomes if outcome is not None]


def _split(
    batch: bytes | Sequence[bytes | msgspec.Raw],
) -> Sequence[bytes | msgspec.Raw]:
    if isinstance(batch, bytes | bytearray | memoryview):
        try:
            batch = _BATCH.decode(batch)
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            raise refuse(
                "batch.malformed",
                "The batch is not a JSON array of events: {problem}.",
                "Send a JSON array; each element is one event.",
                problem=str(problem).rstrip("."),
            ) from problem
    if len(batch) > BATCH_MAX:
        raise refuse(
            "batch.too_large",
            "The batch has {count} events; {limit} are allowed.",
            "Send smaller batches.",
            count=len(batch),
            limit=BATCH_MAX,
        )
    return batch


def _read_batch(
    raws: Sequence[bytes | msgspec.Raw],
) -> tuple[list[_Entry | None], list[Outcome | None]]:
    entries: list[_Entry | None] = []
    outcomes: list[Outcome | None] = []
    for index, raw in enumerate(raws):
        try:
            event = _EVENT.decode(raw)
            _check_values(event)
            body = _ENCODER.encode(event)
        except (
            msgspec.MsgspecError,
            ValueError,
            OverflowError,
            RecursionError,
        ) as problem:
            refusal = no("event.malformed", index=index, problem=str(problem).rstrip("."))
            entries.append(None)
            outcomes.append(Outcome("refused", _id_of(raw), refusal))
            continue
        digest = hashlib.sha256(body).hexdigest()[:32]
        entries.append(_Entry(event, str(event.id), body.decode(), digest))
        outcomes.append(None)
    return entries, outcomes


def _check_values(event: ev.Event) -> None:
    """Refuse what has the right type but no meaning: NaN, infinities, years that no calendar here holds."""
    if not 1900 <= event.at.year <= 2200:
        raise ValueError(f"{event.at.isoformat()} is no time of this factory - at `$.at`")
    read = _AMOUNTS.get(type(event))
    if read is None:
        return
    for field, value in read(event):
        if value is not None and (not value.is_finite() or abs(value.adjusted()) > 30):
            raise ValueError(f"{value} is no amount - at `$.{field}`")


_Amounts = Iterator[tuple[str, Decimal | None]]


def _measured(event: ev.UnitsTested | ev.UnitsInspected) -> _Amounts:
    for index, measurement in enumerate(event.measurements):
        yield f"measurements[{index}].value", measurement.value
        yield f"measurements[{index}].low", measurement.low
        yield f"measurements[{index}].high", measurement.high


def _quantity(
    event: ev.MaterialsLoaded | ev.MaterialsUnloaded | ev.ReceivingEvent,
) -> _Amounts:
    yield "quantity", event.quantity


def _transformed(event: ev.TransformationEvent) -> _Amounts:
    for thing in (*event.inputs, *event.outputs):
        yield "quantity", thing.quantity


_AMOUNTS: dict[type[ev.Event], Callable[[Any], _Amounts]] = {
    ev.UnitsTested: _measured,
    ev.UnitsInspected: _measured,
    ev.MaterialsLoaded: _quantity,
    ev.MaterialsUnloaded: _quantity,
    ev.ReceivingEvent: _quantity,
    ev.TransformationEvent: _transformed,
}


def _id_of(raw: bytes | msgspec.Raw) -> str | None:
    """Return the id of an event that is not readable as a whole, when that much can be read."""
    try:
        found = msgspec.json.decode(raw)
        value = found.get("id") if isinstance(found, dict) else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return value[:80] if isinstance(value, str) else None


def _without_doubles(entries: list[_Entry | None], outcomes: list[Outcome | None]) -> dict[int, _Entry]:
    """Return the entries to write by index: the first of each id, and any that contradicts it."""
    first: dict[Any, _Entry] = {}
    fresh: dict[int, _Entry] = {}
    for index, entry in enumerate(entries):
        if entry is None:
            continue
        known = first.setdefault(entry.event_id, entry)
        if known is entry or known.digest != entry.digest:
            fresh[index] = entry
    return fresh


def _answer_doubles(entries: list[_Entry | None], outcomes: list[Outcome | None]) -> None:
    """Give an event that stands twice in one batch the outcome of its first."""
    first: dict[Any, Outcome] = {}
    for index, entry in enumerate(entries):
        outcome = outcomes[index]
        if entry is None:
            continue
        if outcome is None:
            known = first[entry.event_id]
            outcomes[index] = Outcome("repeated", known.event_id, known.refusal)
        elif entry.event_id not in first:
            first[entry.event_id] = outcome


def _write(fresh: dict[int, _Entry], recorded_at: dt.datetime) -> dict[int, Outcome]:
    cursor = store.raw_cursor(connection)
    store.begin(cursor)
    _ensure_month(cursor, recorded_at)
    for entry, seq in zip(fresh.values(), store.allocate(cursor, len(fresh)), strict=True):
        entry.seq = seq
    before = _claim(cursor, fresh)
    outcomes = _answer_known(cursor, fresh, before)
    undecided = {index: entry for index, entry in fresh.items() if index not in outcomes}
    world = load_world(cursor, [entry.event for entry in undecided.values()])
    lines: list[str] = []
    stamp = recorded_at.isoformat()
    for index, entry in fresh.items():
        outcome = outcomes.get(index)
        if outcome is None:
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
    store.append_events(cursor, lines)
    store.save(cursor, world.changes)
    return outcomes


_MONTHS: set[tuple[str, int, int]] = set()


def _ensure_month(cursor: store.Cursor, recorded_at: dt.datetime) -> None:
    utc = recorded_at.astimezone(dt.UTC)
    key = (cursor.connection.info.dbname, utc.year, utc.month)
    if key not in _MONTHS:
        store.make_partition(cursor, utc.date())
        transaction.on_commit(lambda: _MONTHS.add(key))


def _claim(cursor: store.Cursor, fresh: dict[int, _Entry]) -> dict[str, tuple[str, int]]:
    receipts = {entry.event_id: entry for entry in reversed(fresh.values())}
    return store.claim_receipts(
        cursor,
        [(event_id, entry.digest, entry.seq) for event_id, entry in receipts.items()],
    )


def _answer_known(
    cursor: store.Cursor, fresh: dict[int, _Entry], before: dict[str, tuple[str, int]]
) -> dict[int, Outcome]:
    """Answer what was recorded before, and what contradicts it or an earlier event of this batch."""
    details = store.first_outcomes(cursor, [seq for _, seq in before.values()]) if before else {}
    digests = {event_id: digest for event_id, (digest, _) in before.items()}
    outcomes: dict[int, Outcome] = {}
    for index, entry in fresh.items():
        event_id = entry.event_id
        digest = digests.setdefault(event_id, entry.digest)
        if digest != entry.digest:
            outcomes[index] = Outcome("refused", event_id, no("event.conflict", id=event_id))
        elif event_id in before:
            detail = details.get(before[event_id][1])
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
        return event.inputs[0].unit or event.inputs[0].lot
    return None


def _line(world: World, entry: _Entry, stamp: str, trail: Trail, refusal: Refusal | None) -> str:
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
        f"{escape(entry.body)}\n"
    )
