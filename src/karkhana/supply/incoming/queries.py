"""Reads of receiving: the rules of parts, the severity of inspection and how it came about, lives of lots."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Max

from karkhana.ledger import store
from karkhana.supply.incoming.life.reading import lives_of
from karkhana.supply.incoming.life.rules import Clock, Life, check_life, clock_of, left
from karkhana.supply.incoming.sampling.rules import (
    START,
    Happening,
    Inspected,
    Irregular,
    Resumed,
    Severity,
    fold,
    step,
)
from karkhana.supply.models import (
    ApprovedSource,
    InspectionResult,
    LotLife,
    LotTick,
    ReceivingRule,
    SeverityNote,
)
from karkhana.supply.models.incoming import ACCEPTED, IRREGULAR

Source = tuple[str, str]
"""Supplier and part: what a severity belongs to."""


@dataclass(frozen=True, slots=True)
class Switch:
    """Something that counted for the severity of a source, and the severity after it.

    ``lot`` is empty and ``verdict`` names the note where it was no inspection.
    """

    at: dt.datetime
    lot: str
    verdict: str
    before: Severity
    after: Severity


def _happenings(sources: Collection[Source]) -> dict[Source, list[tuple[dt.datetime, str, str, Happening]]]:
    """Return what counted for the severity of sources, in order of happening."""
    suppliers, parts = {source[0] for source in sources}, {source[1] for source in sources}
    wanted = set(sources)
    rows: list[tuple[dt.datetime, int, int, Source, str, str, Happening]] = []
    results = InspectionResult.objects.filter(
        inspection__supplier__in=suppliers, inspection__part__in=parts, inspection__original=True
    ).select_related("inspection")
    for result in results:
        asked = result.inspection
        happening: Happening = Inspected(
            result.verdict == ACCEPTED, result.accept, result.tighter, asked.may_reduce
        )
        source = (asked.supplier, asked.part)
        rows.append((result.at, 0, result.pk, source, asked.lot, result.verdict, happening))
    for note in SeverityNote.objects.filter(supplier__in=suppliers, part__in=parts):
        happening = Irregular() if note.what == IRREGULAR else Resumed()
        rows.append((note.at, 1, note.pk, (note.supplier, note.part), "", note.what, happening))
    found: dict[Source, list[tuple[dt.datetime, str, str, Happening]]] = {source: [] for source in wanted}
    for at, _, _, source, lot, verdict, happening in sorted(rows, key=lambda row: row[:3]):
        if source in wanted:
            found[source].append((at, lot, verdict, happening))
    return found


def severities(sources: Collection[Source]) -> dict[Source, Severity]:
    """Return how severely each source is inspected now."""
    if not sources:
        return {}
    return {
        source: fold(happening for *_, happening in rows) for source, rows in _happenings(sources).items()
    }


def severity_of(supplier: str, part: str) -> Severity:
    """Return how severely a supplier's lots of a part are inspected now."""
    return severities([(supplier, part)])[supplier, part]


def history_of(supplier: str, part: str) -> tuple[Switch, ...]:
    """Return what led to the severity of a source, the earliest first."""
    now, found = START, []
    for at, lot, verdict, happening in _happenings([(supplier, part)])[supplier, part]:
        after = step(now, happening)
        found.append(Switch(at, lot, verdict, now, after))
        now = after
    return tuple(found)


def next_moment(supplier: str, part: str, now: dt.datetime) -> dt.datetime:
    """Return when something about a source is to be written: now, but after all that was written before.

    Whoever waited for the source's lock began earlier than what was written meanwhile; the order of a history
    is the order in which it was decided.
    """
    results = InspectionResult.objects.filter(inspection__supplier=supplier, inspection__part=part)
    notes = SeverityNote.objects.filter(supplier=supplier, part=part)
    latest = [found for rows in (results, notes) if (found := rows.aggregate(at=Max("at"))["at"]) is not None]
    return max([now, *(at + dt.timedelta(microseconds=1) for at in latest)])


def rules_of(parts: Collection[str]) -> dict[str, ReceivingRule]:
    """Return the receiving rules of parts that have one."""
    return {rule.part: rule for rule in ReceivingRule.objects.filter(part__in=set(parts))}


def approved_sources(sources: Collection[Source], today: dt.date) -> set[Source]:
    """Say which of these sources are approved on a day."""
    found = ApprovedSource.objects.filter(
        part__number__in={part for _, part in sources},
        supplier__code__in={supplier for supplier, _ in sources},
        approved_on__lte=today,
    ).exclude(ended_on__lt=today)
    return set(found.values_list("supplier__code", "part__number")) & set(sources)


@dataclass(frozen=True, slots=True)
class LifeView:
    """How the life of a lot stands at a moment; seconds are None without limit, ``stop`` says why it is over.

    Args:
        expires_on: the earliest last day of use of its own and inherited lives.
        days: from today until then, negative when it is over.
    """

    lot: str
    expires_on: dt.date | None
    days: int | None
    msl: str
    limit: int | None
    spent: int
    left: int | None
    clock: Clock | None
    stop: str


def life_views(lots: Collection[str], at: dt.datetime, today: dt.date) -> dict[str, LifeView]:
    """Return how the lives of lots stand; a lot that nothing binds is left out."""
    with transaction.atomic():
        found = lives_of(store.raw_cursor(connection), lots)
    return {lot: _view(lot, lives, at, today) for lot, lives in found.items()}


def _view(lot: str, lives: tuple[Life, ...], at: dt.datetime, today: dt.date) -> LifeView:
    expires_on = min((life.expires_on for life in lives if life.expires_on), default=None)
    watched = [life for life in lives if life.limit is not None or life.bake_first]
    floor = min(watched, key=lambda life: (left(life, at) is None, left(life, at) or 0), default=None)
    clock = clock_of(floor.ticks, floor.loaded, at) if floor else None
    stop = check_life(lives, at, today)
    return LifeView(
        lot=lot,
        expires_on=expires_on,
        days=None if expires_on is None else (expires_on - today).days,
        msl=floor.msl if floor else next((life.msl for life in lives if life.msl), ""),
        limit=floor.limit if floor else None,
        spent=clock.seconds if clock else 0,
        left=left(floor, at) if floor else None,
        clock=clock,
        stop=stop.why if stop else "",
    )


def ticks_of(lot: str) -> tuple[LotTick, ...]:
    """Return what was recorded of a lot's clock, the latest first."""
    return tuple(LotTick.objects.filter(lot=lot).select_related("by").order_by("-at", "-id")[:50])


def latest_life(lot: str) -> LotLife | None:
    """Return what is said of a lot's own life now."""
    return LotLife.objects.filter(lot=lot).order_by("-pk").first()
