"""Reads a batch of events from JSON: what can be read becomes an entry, what cannot a refusal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from karkhana.floor.rules import no
from karkhana.kernel.refusals import Refusal, refuse
from karkhana.ledger import events as ev

BATCH_MAX = 100_000
Raw = bytes | msgspec.Raw
_EVENT = msgspec.json.Decoder(ev.AnyEvent)
_BATCH = msgspec.json.Decoder(list[msgspec.Raw])
_ENCODER = msgspec.json.Encoder()
_OFFSET_MAX = dt.timedelta(hours=14)
_ODD_AMOUNTS = (b"NaN", b"Infinity", b"E+", b"E-")


@dataclass(slots=True)
class Entry:
    """A readable event on its way into the record; ``body`` is its canonical JSON."""

    event: ev.Event
    event_id: str
    body: str
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What could not be read as an event; ``event_id`` is None when not even that could be read."""

    event_id: str | None
    refusal: Refusal


def read_batch(batch: bytes | Sequence[Raw]) -> list[Entry | Unreadable]:
    """Read a JSON array of events, or the JSON of each event by itself.

    Raises:
        Refused: ``batch.malformed`` or ``batch.too_large``.
    """
    return [_read(index, raw) for index, raw in enumerate(_split(batch))]


def _read(index: int, raw: Raw) -> Entry | Unreadable:
    try:
        event = _EVENT.decode(raw)
        body = _ENCODER.encode(event)
        _check_values(event, body)
    except (msgspec.MsgspecError, ValueError, OverflowError, RecursionError) as problem:
        refusal = no("event.malformed", index=index, problem=_short(problem))
        return Unreadable(_id_of(raw), refusal)
    return Entry(event, str(event.id), body.decode())


def _split(
    batch: bytes | Sequence[Raw],
) -> Sequence[Raw]:
    if isinstance(batch, bytes | bytearray | memoryview):
        try:
            batch = _BATCH.decode(batch)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as problem:
            raise refuse(
                "batch.malformed",
                "The batch is not a JSON array of events: {problem}.",
                "Send a JSON array; each element is one event.",
                problem=_short(problem),
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


def _short(problem: Exception) -> str:
    """Return a problem's words; they may quote what was sent, which may be long."""
    text = str(problem).rstrip(".")
    return text if len(text) <= 300 else f"{text[:150]} … {text[-140:]}"


def _check_values(event: ev.Event, body: bytes) -> None:
    """Refuse what has the right type but no meaning: NaN, infinities, years that no calendar here holds."""
    if not 1900 <= event.at.year <= 2200:
        raise ValueError(f"{event.at.isoformat()} is no time of this factory - at `$.at`")
    offset = event.at.utcoffset()
    if offset and abs(offset) > _OFFSET_MAX:
        raise ValueError(f"{event.at.isoformat()} is in no time zone on earth - at `$.at`")
    if type(event) in _MEASURED and not any(word in body for word in _ODD_AMOUNTS):
        # Measurements are many; what they cannot be is written with one of these words.
        return
    read = _AMOUNTS.get(type(event))
    if read is None:
        return
    for field, value in read(event):
        if value is not None and (not value.is_finite() or abs(value.adjusted()) > 30):
            raise ValueError(f"{value} is no amount - at `$.{field}`")
        if value is not None and field == "quantity":
            _check_quantity(value)


def _check_quantity(value: Decimal) -> None:
    if value < 0:
        raise ValueError(f"{value} is less than nothing - at `$.quantity`")
    if len(value.as_tuple().digits) > 60:
        raise ValueError("the amount has more than 60 digits - at `$.quantity`")


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


_MEASURED = frozenset({ev.UnitsTested, ev.UnitsInspected})
_AMOUNTS: dict[type[ev.Event], Callable[[Any], _Amounts]] = {
    ev.UnitsTested: _measured,
    ev.UnitsInspected: _measured,
    ev.MaterialsLoaded: _quantity,
    ev.MaterialsUnloaded: _quantity,
    ev.ReceivingEvent: _quantity,
    ev.TransformationEvent: _transformed,
}


def _id_of(raw: Raw) -> str | None:
    """Return the id of an event that is not readable as a whole, when that much can be read."""
    try:
        found = msgspec.json.decode(raw)
        value = found.get("id") if isinstance(found, dict) else None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return value[:80] if isinstance(value, str) else None
