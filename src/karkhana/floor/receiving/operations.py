"""Receiving lots: what the record says and what the supply room keeps, in one transaction."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from karkhana.floor.models import Station
from karkhana.floor.operations import Outcome, record_events
from karkhana.floor.receiving.asked import LOTS_MAX, Delivery, Unread, check_delivery
from karkhana.floor.rules import no
from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.ledger import store
from karkhana.supply.incoming.life.rules import check_msl, expiry
from karkhana.supply.incoming.operations import check_label
from karkhana.supply.incoming.queries import Source, approved_sources, rules_of
from karkhana.supply.models import Inspection, LotLife, ReceivingRule, Supplier
from karkhana.supply.models.incoming import IGNORE, REFUSE
from karkhana.supply.models.parties import BRAND

QUARANTINE = "Incoming inspection"


@dataclass(frozen=True, slots=True)
class Received:
    """What became of one lot.

    Args:
        status: ``received``, ``quarantined`` until it is inspected, or ``refused``.
        warnings: what somebody should look at although the lot is in.
        inspection: number of the inspection that waits, None where none does.
    """

    lot: str
    status: str
    refusal: Refusal | None = None
    warnings: tuple[Refusal, ...] = ()
    inspection: int | None = None
    hold: str = ""


@dataclass(slots=True)
class _Prepared:
    """A lot on its way in."""

    delivery: Delivery
    rule: ReceivingRule | None
    life: LotLife | None
    warnings: list[Refusal] = field(default_factory=list)
    inspection: Inspection | None = None


def receive_lots(
    *,
    lots: Sequence[Delivery | Unread],
    station: str,
    at: dt.datetime,
    now: dt.datetime,
    actor: str | None = None,
    user: Any = None,
) -> list[Received]:
    """Receive lots: each by itself, what is accepted in one transaction with all that belongs to it.

    A lot whose part has a sampling plan is put on hold in the same transaction, so that no station can use
    it in between; ``judging.judge`` releases the hold or leaves it.

    Args:
        lots: what could not be read is answered with its refusal.
        station: where they come in; it implies the plant.
        at: when they came in, with time zone.
        now: with time zone.

    Returns:
        One answer per lot, in order.

    Raises:
        Refused: ``receipt.count``, ``station.unknown``; then nothing was written.
    """
    if not 0 < len(lots) <= LOTS_MAX:
        raise refuse(
            "receipt.count",
            "{count} lots were named.",
            "Receive 1 to {limit} lots at a time.",
            count=len(lots),
            limit=LOTS_MAX,
        )
    place = find_station(station)
    today = at.astimezone(ZoneInfo(place.line.plant.time_zone)).date()
    with transaction.atomic():
        _lock_where_held(lots)
        prepared = _prepare(lots, today, at, user)
        fresh = [one for one in prepared if isinstance(one, _Prepared)]
        _ask_inspections(fresh, now, user)
        outcomes = iter(_post(fresh, place.code, at, actor, now))
        answers = [one if isinstance(one, Received) else _answer(one, next(outcomes)) for one in prepared]
        _keep(fresh, answers)
    return answers


def _lock_where_held(lots: Sequence[Delivery | Unread]) -> None:
    """Wait for every other batch where lots will be held, so that what is not known now stays so.

    Otherwise a lot that somebody else receives at this moment would be refused here and held all the same.
    """
    parts = _clean({lot.part for lot in lots if isinstance(lot, Delivery)})
    if any(rule.level for rule in rules_of(parts).values()):
        store.begin(store.raw_cursor(connection), alone=True)


def find_station(code: str) -> Station:
    """Return a station with its plant.

    Raises:
        Refused: ``station.unknown``.
    """
    clean = code if code.isprintable() else "?"
    found = Station.objects.filter(code=clean).select_related("line__plant").first()
    if found is None:
        raise Refused(no("station.unknown", station=clean[:80]))
    return found


def _prepare(
    said: Sequence[Delivery | Unread], today: dt.date, at: dt.datetime, user: Any
) -> list[_Prepared | Received]:
    """Check each lot by itself and against what is in the house."""
    lots = [lot for lot in said if isinstance(lot, Delivery)]
    known = _known_lots(lots)
    suppliers = dict(
        Supplier.objects.filter(code__in=_clean({lot.supplier for lot in lots})).values_list("code", "role")
    )
    rules = rules_of(_clean({lot.part for lot in lots}))
    sources: set[Source] = {(lot.supplier, lot.part) for lot in lots if lot.part in rules}
    approved = approved_sources(sources, today) if sources else set()
    found: list[_Prepared | Received] = []
    for lot in said:
        if isinstance(lot, Unread):
            found.append(Received(lot.lot, "refused", lot.refusal))
            continue
        try:
            check_delivery(lot)
            if lot.lot in known:
                raise Refused(no("lot.exists", lot=lot.lot))
            if lot.supplier not in suppliers:
                raise Refused(no("supplier.unknown", supplier=lot.supplier))
            one = _Prepared(lot, rules.get(lot.part), _life(lot, rules.get(lot.part), at, user))
            _check_source(one, (lot.supplier, lot.part) in approved or suppliers[lot.supplier] == BRAND)
            _check_made(lot, today)
            _check_expired(one, today)
        except Refused as refused:
            found.append(Received(lot.lot, "refused", refused.refusal))
            continue
        known.add(lot.lot)
        found.append(one)
    return found


def _clean(texts: Iterable[str]) -> list[str]:
    """Leave out what no code can be, such as a text with a NUL."""
    return [text for text in texts if text.isprintable()]


def _known_lots(lots: Sequence[Delivery]) -> set[str]:
    return set(store.lots(store.raw_cursor(connection), _clean({lot.lot for lot in lots})))


def _life(lot: Delivery, rule: ReceivingRule | None, at: dt.datetime, user: Any) -> LotLife | None:
    """Return what limits the use of a lot: its label, else the rule of its part; None when nothing does."""
    msl = check_msl(lot.msl) or (rule.msl if rule else "")
    expires_on = expiry(lot.manufactured_on, lot.expires_on, rule.shelf_life_days if rule else None)
    hours = check_label(lot.label_hours, msl)
    if not (msl or expires_on or hours or lot.manufactured_on):
        return None
    return LotLife(
        lot=lot.lot,
        manufactured_on=lot.manufactured_on,
        expires_on=expires_on,
        msl=msl,
        label_hours=hours,
        at=at,
        by=user,
    )


def _check_source(one: _Prepared, approved: bool) -> None:
    """Warn of, or refuse, a supplier who is no approved source; a brand that hands in its own always is."""
    if one.rule is None or approved or one.rule.source_policy == IGNORE:
        return
    refused = refuse(
        "receipt.source",
        "{supplier} is no approved source of {part}.",
        "Have the buyer approve the source, or send lot {lot} back.",
        supplier=one.delivery.supplier,
        part=one.delivery.part,
        lot=one.delivery.lot,
    )
    if one.rule.source_policy == REFUSE:
        raise refused
    one.warnings.append(refused.refusal)


def _check_made(lot: Delivery, today: dt.date) -> None:
    """Refuse a lot that is said to be made after today: a slip that would lengthen its shelf life."""
    if lot.manufactured_on is not None and lot.manufactured_on > today:
        raise refuse(
            "date.future",
            "{field}: {day} has not come yet.",
            "Correct the date.",
            field="manufactured_on",
            day=lot.manufactured_on.isoformat(),
        )


def _check_expired(one: _Prepared, today: dt.date) -> None:
    if one.life is None or one.life.expires_on is None or one.life.expires_on >= today:
        return
    one.warnings.append(
        no("lot.expired", lot=one.delivery.lot, part=one.delivery.part, expires_on=str(one.life.expires_on))
    )


def _ask_inspections(prepared: Sequence[_Prepared], now: dt.datetime, user: Any) -> None:
    """Make out the inspections, their numbers drawn, without writing them."""
    for one in prepared:
        if one.rule is None or not one.rule.level:
            continue
        lot = one.delivery
        one.inspection = new_inspection(
            lot=lot.lot, part=lot.part, supplier=lot.supplier, quantity=lot.quantity, rule=one.rule,
            original=True, now=now, user=user,
        )  # fmt: skip


def new_inspection(
    *, lot: str, part: str, supplier: str, quantity: Any, rule: ReceivingRule, original: bool,
    now: dt.datetime, user: Any,
) -> Inspection:  # fmt: skip
    """Make out an inspection, not yet written; a part of an item counts as one item of the lot."""
    assert rule.aql is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('supply_inspection', 'id'))")
        (number,) = cursor.fetchone()
    return Inspection(
        pk=number,
        lot=lot,
        part=part,
        supplier=supplier,
        lot_size=int(quantity.to_integral_value(ROUND_CEILING)),
        level=rule.level,
        aql=rule.aql,
        may_reduce=rule.may_reduce,
        original=original,
        hold=f"IQC-{number}",
        asked_at=now,
        asked_by=user,
    )


def _post(
    prepared: Sequence[_Prepared], station: str, at: dt.datetime, actor: str | None, now: dt.datetime
) -> list[Outcome]:
    """Send the lots and their holds through the gate; return the outcome of each lot."""
    head = {"at": at.isoformat(), "station": station} | ({"actor": actor} if actor else {})
    batch: list[bytes] = []
    places = []
    for one in prepared:
        lot = one.delivery
        places.append(len(batch))
        said = {name: getattr(lot, name) for name in ("lot", "part", "supplier", "origin", "supplier_lot")}
        batch.append(_event(head, "ReceivingEvent", quantity=f"{lot.quantity:f}", **said))
        if one.inspection is not None:
            batch.append(hold_event(head, one.inspection))
    outcomes = record_events(batch, recorded_at=now) if batch else []
    return [outcomes[place] for place in places]


def _event(head: dict[str, str], kind: str, **said: Any) -> bytes:
    return json.dumps({"type": kind, "id": str(uuid.uuid4()), **head, **said}).encode()


def hold_event(head: dict[str, str], inspection: Inspection) -> bytes:
    """Return the event that puts an inspection's lot into quarantine."""
    return _event(
        head, "HoldPlaced", hold=inspection.hold, scope="lot", target=inspection.lot, reason=QUARANTINE
    )


def release_event(head: dict[str, str], hold: str, reason: str) -> bytes:
    """Return the event that ends a hold."""
    return _event(head, "HoldReleased", hold=hold, reason=reason)


def _answer(one: _Prepared, outcome: Outcome) -> Received:
    lot = one.delivery.lot
    if outcome.refusal is not None:
        return Received(lot, "refused", outcome.refusal)
    warnings = tuple(one.warnings)
    if one.inspection is None:
        return Received(lot, "received", warnings=warnings)
    return Received(lot, "quarantined", None, warnings, one.inspection.pk, one.inspection.hold)


def _keep(prepared: Sequence[_Prepared], answers: Sequence[Received]) -> None:
    """Write what belongs to the lots that the gate took in."""
    taken = {answer.lot for answer in answers if answer.status != "refused"}
    kept = [one for one in prepared if one.delivery.lot in taken]
    LotLife.objects.bulk_create(one.life for one in kept if one.life is not None)
    Inspection.objects.bulk_create(one.inspection for one in kept if one.inspection is not None)
