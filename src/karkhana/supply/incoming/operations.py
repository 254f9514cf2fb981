"""Writes of receiving that the record does not hold: rules of parts, life and clock of lots, severity.

What moves or holds a lot goes through the gate (``floor.receiving``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from karkhana.design.storable import check_text
from karkhana.kernel.refusals import refuse
from karkhana.ledger import store
from karkhana.supply.incoming.life.rules import LABEL_HOURS_MAX, TICKS, check_msl, expiry, levels
from karkhana.supply.incoming.queries import next_moment, severity_of
from karkhana.supply.incoming.sampling.rules import DISCONTINUED, check_level, read_aql
from karkhana.supply.models import LotLife, LotTick, ReceivingRule, SeverityNote, Supplier
from karkhana.supply.models.incoming import IRREGULAR, SEVERITY_NOTES, SOURCE_POLICIES

AHEAD_MAX = dt.timedelta(minutes=5)
SHELF_DAYS_MAX = 36_500
LOTS_MAX = 500


@dataclass(frozen=True, slots=True)
class RuleAsked:
    """How lots of a part are to be received; ``ReceivingRule`` says what each field means."""

    level: str = ""
    aql: str = ""
    may_reduce: bool = False
    source_policy: str = "warn"
    shelf_life_days: int | None = None
    msl: str = ""


def set_receiving_rule(*, part: str, asked: RuleAsked, now: dt.datetime, user: Any = None) -> ReceivingRule:
    """Say how lots of a part are received from now on.

    Raises:
        Refused: ``text.value``, ``sampling.level``, ``sampling.aql``, ``receiving.source_policy``,
            ``receiving.shelf_life``, ``lot.msl``.
    """
    check_text("part number", part, 80)
    aql: Decimal | None = None
    if asked.level:
        check_level(asked.level)
        aql = read_aql(asked.aql)
    if asked.source_policy not in SOURCE_POLICIES:
        raise refuse(
            "receiving.source_policy",
            "{value} is nothing that can be done with a lot from another source.",
            "Choose one of {allowed}.",
            value=asked.source_policy[:20],
            allowed=", ".join(SOURCE_POLICIES),
        )
    days = asked.shelf_life_days
    if days is not None and not 0 < days <= SHELF_DAYS_MAX:
        raise refuse(
            "receiving.shelf_life",
            "A shelf life of {days} days cannot be kept.",
            "Say 1 to {limit} days, or leave it empty.",
            days=str(days)[:20],
            limit=SHELF_DAYS_MAX,
        )
    rule, _ = ReceivingRule.objects.update_or_create(
        part=part,
        defaults={
            "level": asked.level,
            "aql": aql,
            "may_reduce": asked.may_reduce,
            "source_policy": asked.source_policy,
            "shelf_life_days": days,
            "msl": check_msl(asked.msl),
            "changed_at": now,
            "changed_by": user,
        },
    )
    return rule


def check_label(hours: int | None, msl: str) -> int | None:
    """Return the floor life that a label gives; a level that must be baked has no other.

    Raises:
        Refused: ``lot.label_hours``, ``lot.label_missing``.
    """
    level = levels().get(msl)
    if hours is None and level is not None and level.bake_first:
        raise refuse(
            "lot.label_missing",
            "A lot of MSL {msl} may be used for the hours on its label after a bake, and none were given.",
            "Give the floor life on the label, in hours.",
            msl=msl,
        )
    if hours is not None and not 0 < hours <= LABEL_HOURS_MAX:
        raise refuse(
            "lot.label_hours",
            "{hours} hours are no floor life.",
            "Say 1 to {limit} hours as on the label, or leave it empty.",
            hours=str(hours)[:20],
            limit=LABEL_HOURS_MAX,
        )
    return hours


def write_life(
    *,
    lot: str,
    manufactured_on: dt.date | None,
    expires_on: dt.date | None,
    msl: str,
    label_hours: int | None,
    reason: str,
    now: dt.datetime,
    user: Any = None,
) -> LotLife:
    """Say anew how long a lot may be used, such as after a test that extends its shelf life.

    Raises:
        Refused: ``lot.unknown``, ``lot.msl``, ``lot.dates``, ``lot.label_hours``, ``lot.label_missing``,
            ``text.value`` when no reason is given.
    """
    check_text("reason", reason, 200)
    require_lots([lot])
    return LotLife.objects.create(
        lot=lot,
        manufactured_on=manufactured_on,
        expires_on=expiry(manufactured_on, expires_on, None),
        msl=check_msl(msl),
        label_hours=check_label(label_hours, check_msl(msl)),
        reason=reason,
        at=now,
        by=user,
    )


@transaction.atomic
def write_ticks(
    *, lots: Sequence[str], what: str, at: dt.datetime, now: dt.datetime, note: str = "", user: Any = None
) -> list[LotTick]:
    """Record that bags were opened, lots put into the dry cabinet, sealed again, or baked.

    Args:
        at: when it happened; of a bake, its end.

    Raises:
        Refused: ``lot.unknown``, ``lot.tick``, ``lot.tick_time``, ``lot.tick_count``, ``text.value``.
    """
    if what not in TICKS:
        raise refuse(
            "lot.tick",
            "{value} is nothing that happens to a bag.",
            "Choose one of {allowed}.",
            value=what[:20],
            allowed=", ".join(TICKS),
        )
    if at > now + AHEAD_MAX or at < now - dt.timedelta(days=400):
        raise refuse(
            "lot.tick_time",
            "{at} lies ahead, or more than 400 days back.",
            "Check the date and the time.",
            at=at.isoformat(),
        )
    if not 0 < len(lots) <= LOTS_MAX:
        raise refuse(
            "lot.tick_count",
            "{count} lots were named.",
            "Name 1 to {limit} lots.",
            count=len(lots),
            limit=LOTS_MAX,
        )
    check_text("note", note, 200, blank=True)
    require_lots(lots)
    return LotTick.objects.bulk_create(
        LotTick(lot=lot, what=what, at=at, note=note, recorded_at=now, by=user) for lot in dict.fromkeys(lots)
    )


def require_lots(lots: Sequence[str]) -> dict[str, Any]:
    """Return lots of the record by their codes.

    Raises:
        Refused: ``lot.unknown`` naming the first that was never received.
    """
    clean = [lot for lot in lots if lot.isprintable() and len(lot) <= 80]
    with transaction.atomic():
        found = store.lots(store.raw_cursor(connection), clean)
    missing = next((lot for lot in lots if lot not in found), None)
    if missing is not None:
        raise refuse(
            "lot.unknown",
            "Lot {lot} was never received.",
            "Receive the lot first, or check its label.",
            lot=repr(missing[:80])[1:-1],
        )
    return dict(found)


def lock_source(supplier: str, part: str) -> None:
    """Let nobody else judge a supplier's lots of a part until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtext('inspection'), hashtext(%s))", [f"{supplier}\t{part}"]
        )


@transaction.atomic
def note_severity(
    *, supplier: str, part: str, what: str, reason: str, now: dt.datetime, user: Any = None
) -> SeverityNote:
    """Note that production is irregular, or that a stopped supplier has put things right.

    Raises:
        Refused: ``severity.note``, ``severity.not_stopped``, ``supplier.unknown``, ``text.value``.
    """
    if what not in SEVERITY_NOTES:
        raise refuse(
            "severity.note",
            "{value} does not switch an inspection.",
            "Choose one of {allowed}.",
            value=what[:20],
            allowed=", ".join(SEVERITY_NOTES),
        )
    check_text("reason", reason, 200)
    check_text("part number", part, 80)
    check_text("supplier", supplier, 40)
    if not Supplier.objects.filter(code=supplier).exists():
        raise refuse(
            "supplier.unknown",
            "There is no supplier {supplier}.",
            "Have the buyer add the supplier, or check the code.",
            supplier=supplier,
        )
    lock_source(supplier, part)
    if what != IRREGULAR and severity_of(supplier, part).state != DISCONTINUED:
        raise refuse(
            "severity.not_stopped",
            "Lots of {part} from {supplier} are inspected; nothing was stopped.",
            "Go on inspecting.",
            supplier=supplier,
            part=part,
        )
    return SeverityNote.objects.create(
        supplier=supplier,
        part=part,
        what=what,
        reason=reason,
        at=next_moment(supplier, part, now),
        by=user,
    )
