"""Judging lots in quarantine, and what becomes of those that are refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from karkhana.design.changes.rules import APPROVED
from karkhana.design.models import Deviation
from karkhana.design.storable import check_text
from karkhana.floor.operations import record_events
from karkhana.floor.receiving.booking import take_out
from karkhana.floor.receiving.operations import (
    find_station,
    hold_event,
    new_inspection,
    release_event,
)
from karkhana.kernel.refusals import Refused, refuse
from karkhana.supply.incoming.operations import lock_source, require_lots
from karkhana.supply.incoming.queries import next_moment, rules_of, severity_of
from karkhana.supply.incoming.sampling.rules import (
    DISCONTINUED,
    Plan,
    accepted_one_step_tighter,
    plan_for,
)
from karkhana.supply.models import Disposition, Inspection, InspectionResult
from karkhana.supply.models.incoming import (
    ACCEPTED,
    CONCESSION,
    DISPOSITIONS,
    REFUSED,
    RETURNED,
    SORTED,
)
from karkhana.supply.stock.rules import SCRAPPED, SEND_BACK

DEFECTS_MAX = 60


@dataclass(frozen=True, slots=True)
class Findings:
    """What an inspector found in the sample.

    Args:
        nonconforming: items with at least one defect.
        defects: (code, how often), codes all different.
        severity: what the inspector was shown; None takes whatever counts now.
        report_sha256: of the report's file, empty where there is none.
    """

    nonconforming: int
    defects: tuple[tuple[str, int], ...] = ()
    inspector: str = ""
    severity: str | None = None
    report_name: str = ""
    report_sha256: str = ""


def find_inspection(number: int) -> Inspection:
    """Return an inspection with its result, if it has one.

    Raises:
        Refused: ``inspection.unknown``.
    """
    found = (
        Inspection.objects.filter(pk=number).select_related("result", "disposition").first()
        if 0 < number < 2**63
        else None
    )
    if found is None:
        raise refuse(
            "inspection.unknown",
            "There is no inspection {number}.",
            "Choose one of the list of inspections.",
            number=str(number)[:30],
        )
    return found


def current_plan(inspection: Inspection, severity: str) -> Plan:
    """Return the plan by which a lot is judged at a severity."""
    return plan_for(
        lot_size=inspection.lot_size, level=inspection.level, aql=inspection.aql, severity=severity
    )


@transaction.atomic
def judge(*, number: int, findings: Findings, now: dt.datetime, user: Any = None) -> InspectionResult:
    """Judge a lot by what was found: accepted lots leave quarantine at once, refused ones stay.

    Raises:
        Refused: ``inspection.unknown``, ``inspection.done``, ``inspection.stopped`` when acceptance from
            this source is discontinued (ISO 2859-1, 9.4), ``inspection.plan_changed``, ``inspection.count``,
            ``inspection.defects``, ``inspection.report``, ``text.value``.
    """
    asked = find_inspection(number)
    lock_source(asked.supplier, asked.part)
    if InspectionResult.objects.filter(inspection=asked).exists():
        raise refuse(
            "inspection.done",
            "Lot {lot} was judged already.",
            "Look at its result; present the lot again if it was reworked.",
            lot=asked.lot,
        )
    severity = _severity(asked, findings)
    plan = current_plan(asked, severity)
    _check_findings(plan, findings)
    tighter = accepted_one_step_tighter(
        lot_size=asked.lot_size, level=asked.level, aql=asked.aql, nonconforming=findings.nonconforming
    )
    accepted = findings.nonconforming <= plan.accept
    result = InspectionResult.objects.create(
        inspection=asked,
        severity=severity,
        letter=plan.letter,
        sample=plan.sample,
        accept=plan.accept,
        reject=plan.reject,
        whole=plan.whole,
        nonconforming=findings.nonconforming,
        defects=[{"code": code, "count": count} for code, count in findings.defects],
        tighter=tighter,
        verdict=ACCEPTED if accepted else REFUSED,
        inspector=findings.inspector,
        report_name=findings.report_name,
        report_sha256=findings.report_sha256,
        at=next_moment(asked.supplier, asked.part, now),
        by=user,
    )
    if accepted:
        _release(asked, f"Inspection {asked.pk}: accepted", now)
    return result


def _severity(asked: Inspection, findings: Findings) -> str:
    now = severity_of(asked.supplier, asked.part)
    if now.state == DISCONTINUED:
        raise refuse(
            "inspection.stopped",
            "Acceptance of {part} from {supplier} is stopped: too many lots were refused.",
            "Note what the supplier put right; inspection then goes on, tightened.",
            supplier=asked.supplier,
            part=asked.part,
        )
    if findings.severity is not None and findings.severity != now.severity:
        raise refuse(
            "inspection.plan_changed",
            "Lots of {part} from {supplier} are now under {severity} inspection.",
            "Look at the plan again: the sample may be another one.",
            supplier=asked.supplier,
            part=asked.part,
            severity=now.severity,
        )
    return now.severity


def _check_findings(plan: Plan, findings: Findings) -> None:
    if not 0 <= findings.nonconforming <= plan.sample:
        raise refuse(
            "inspection.count",
            "{count} nonconforming items cannot be in a sample of {sample}.",
            "Count the items with a defect: 0 to {sample}.",
            count=str(findings.nonconforming)[:20],
            sample=plan.sample,
        )
    check_text("inspector", findings.inspector, 80, blank=True)
    check_text("name of a report", findings.report_name, 200, blank=True)
    hash_of = findings.report_sha256
    if hash_of and not (len(hash_of) == 64 and set(hash_of) <= set("0123456789abcdef")):
        raise refuse(
            "inspection.report",
            "{value} is no SHA-256 of a report.",
            "Give its 64 hexadecimal digits, or hand in the file.",
            value=repr(hash_of[:70]),
        )
    for code, _ in findings.defects:
        check_text("defect code", code, 40)
    counts = [count for _, count in findings.defects]
    codes = {code for code, _ in findings.defects}
    wrong = (
        len(counts) > DEFECTS_MAX
        or len(codes) < len(counts)
        or any(not 0 < count < 10**9 for count in counts)
        or sum(counts) < findings.nonconforming
        or bool(counts and not findings.nonconforming)
    )
    if wrong:
        raise refuse(
            "inspection.defects",
            "{count} defects do not explain {bad} nonconforming items.",
            "Say each defect code once with how often it was found, at least one defect per bad item.",
            count=str(sum(counts))[:20],
            bad=findings.nonconforming,
        )


def _release(asked: Inspection, reason: str, now: dt.datetime) -> None:
    """End every hold of a lot's inspections that is still open; others stay."""
    holds = list(Inspection.objects.filter(lot=asked.lot).order_by("pk").values_list("hold", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hold FROM ledger_hold WHERE hold = ANY(%s) AND released_at IS NULL ORDER BY hold", [holds]
        )
        still = [row[0] for row in cursor.fetchall()]
    head = _head(asked, now)
    _post([release_event(head, hold, reason) for hold in still], now)


def _head(asked: Inspection, now: dt.datetime) -> dict[str, str]:
    lot = require_lots([asked.lot])[asked.lot]
    return {"at": now.isoformat(), "station": lot.station}


def _post(batch: Sequence[bytes], now: dt.datetime) -> None:
    """Send events through the gate; a refusal takes back all that was written with it."""
    for outcome in record_events(batch, recorded_at=now) if batch else ():
        if outcome.refusal is not None:
            raise Refused(outcome.refusal)


@transaction.atomic
def dispose(
    *,
    number: int,
    what: str,
    now: dt.datetime,
    good: Decimal | None = None,
    bad: Decimal | None = None,
    deviation: str = "",
    note: str = "",
    user: Any = None,
) -> Disposition:
    """Say what is done with a refused lot.

    A lot that goes back stays held and is sent out of the stores. A sorted one leaves quarantine with what
    is ``good`` in it; the ``bad`` items are scrapped. A lot used as it is names an approved deviation.

    Raises:
        Refused: ``inspection.unknown``, ``disposition.not_refused``, ``disposition.done``,
            ``disposition.what``, ``disposition.counts``, ``disposition.deviation``, ``disposition.stock``,
            ``text.value``.
    """
    asked = find_inspection(number)
    lock_source(asked.supplier, asked.part)
    check_text("note", note, 200, blank=True)
    if what not in DISPOSITIONS:
        raise refuse(
            "disposition.what",
            "{value} is nothing that can be done with a refused lot.",
            "Choose one of {allowed}.",
            value=what[:20],
            allowed=", ".join(DISPOSITIONS),
        )
    _check_refused(asked)
    if what != SORTED:
        good = bad = None
    else:
        _check_sorted(asked, good, bad)
    if what == CONCESSION:
        _check_deviation(deviation, now.date())
    made = Disposition.objects.create(
        inspection=asked, what=what, good=good, bad=bad, note=note, at=now, by=user,
        deviation=deviation if what == CONCESSION else "",
    )  # fmt: skip
    _book(asked, what, bad, now, user)
    if what != RETURNED:
        reason = f"Inspection {asked.pk}: {what} {deviation if what == CONCESSION else ''}".strip()
        _release(asked, reason, now)
    return made


def _book(asked: Inspection, what: str, bad: Decimal | None, now: dt.datetime, user: Any) -> None:
    """Take out of the stores what goes back, or the bad items of a sorted lot."""
    by = user.get_username() if user is not None else ""
    reason = f"Inspection {asked.pk}"
    if what == RETURNED:
        take_out(lot=asked.lot, kind=SEND_BACK, quantity=None, reason=reason, now=now, by=by)
    elif bad:
        take_out(lot=asked.lot, kind=SCRAPPED, quantity=bad, reason=reason, now=now, by=by)


def _check_refused(asked: Inspection) -> None:
    result = InspectionResult.objects.filter(inspection=asked).first()
    if result is None or result.verdict != REFUSED:
        raise refuse(
            "disposition.not_refused",
            "Lot {lot} was not refused.",
            "Judge the lot first.",
            lot=asked.lot,
        )
    if Disposition.objects.filter(inspection=asked).exists():
        raise refuse(
            "disposition.done",
            "What becomes of lot {lot} was said already.",
            "Present the lot again if it is to be judged anew.",
            lot=asked.lot,
        )


def _check_sorted(asked: Inspection, good: Decimal | None, bad: Decimal | None) -> None:
    quantity = require_lots([asked.lot])[asked.lot].quantity or Decimal(asked.lot_size)
    counts = (good, bad)
    if all(count is not None and count.is_finite() and count >= 0 for count in counts) and (
        (good or 0) + (bad or 0) == quantity and good
    ):
        return
    raise refuse(
        "disposition.counts",
        "{good} good and {bad} bad do not make the {quantity} of lot {lot}.",
        "Count again: every item of a sorted lot is either good or bad, and some are good.",
        good="?" if good is None else str(good)[:30],
        bad="?" if bad is None else str(bad)[:30],
        quantity=f"{quantity.normalize():f}",
        lot=asked.lot,
    )


def _check_deviation(number: str, today: dt.date) -> None:
    check_text("number of a deviation", number, 20)
    found = Deviation.objects.filter(number=number, state=APPROVED).first()
    if found is None or (found.until is not None and found.until < today):
        raise refuse(
            "disposition.deviation",
            "There is no deviation {number} that is approved and still runs.",
            "Ask for a deviation and have it approved; then use the lot under its number.",
            number=number,
        )


@transaction.atomic
def present_again(*, lot: str, now: dt.datetime, station: str = "", user: Any = None) -> Inspection:
    """Have a lot inspected again, such as one that was sorted or whose shelf life is to be extended.

    It is put on hold and does not count for the severity of its source (ISO 2859-1, 9.3: original
    inspection only).

    Raises:
        Refused: ``lot.unknown``, ``inspection.waiting``, ``inspection.no_plan``, ``station.unknown``.
    """
    found = require_lots([lot])[lot]
    lock_source(found.supplier or "", found.part)
    waiting = Inspection.objects.filter(lot=lot, result=None).first()
    if waiting is not None:
        raise refuse(
            "inspection.waiting",
            "Lot {lot} waits for inspection {number} already.",
            "Judge that one.",
            lot=lot,
            number=waiting.pk,
        )
    rule = rules_of([found.part]).get(found.part)
    if rule is None or not rule.level:
        raise refuse(
            "inspection.no_plan",
            "Part {part} has no sampling plan.",
            "Have the buyer give it an inspection level and an AQL.",
            part=found.part,
        )
    asked = new_inspection(
        lot=lot, part=found.part, supplier=found.supplier or "", quantity=found.quantity or Decimal(1),
        rule=rule, original=False, now=now, user=user,
    )  # fmt: skip
    asked.save(force_insert=True)
    place = find_station(station).code if station else found.station
    _post([hold_event({"at": now.isoformat(), "station": place}, asked)], now)
    return asked
