"""The typed API of goods in: receipts, inspections, rules of parts, life of lots."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from ninja import Path, Query, Router, Status

from karkhana.floor.http import Identifier
from karkhana.floor.receiving import judging, queries
from karkhana.floor.receiving.asked import Delivery, Unread, read_quantity
from karkhana.floor.receiving.days import today_of
from karkhana.floor.receiving.operations import Received, receive_lots
from karkhana.floor.receiving.shapes import (
    AgainIn,
    DispositionIn,
    FindingsIn,
    InspectionOut,
    InspectionsOut,
    LifeIn,
    LifeOut,
    Line,
    LotIn,
    PlanOut,
    ReceiptIn,
    ReceiptsOut,
    ReceivedAllOut,
    RuleIn,
    RuleOut,
    SeverityNoteIn,
    SeverityOut,
    Short,
    TickIn,
    TicksOut,
    Whole,
)
from karkhana.kernel.refusals import Refused
from karkhana.partners.answers import ERRORS
from karkhana.partners.roles import BUYER, LEAD, OPERATOR, SUPPLY_ROLES, has_role
from karkhana.supply.incoming import operations
from karkhana.supply.incoming import queries as incoming
from karkhana.supply.models import Inspection

router = Router(tags=["receiving"])


def may_receive(user: Any) -> bool:
    """Say whether a user receives goods and decides about them."""
    return has_role(user, SUPPLY_ROLES)


def may_inspect(user: Any) -> bool:
    """Say whether a user inspects lots."""
    return has_role(user, (OPERATOR, *SUPPLY_ROLES))


def _need(allowed: bool) -> None:
    if not allowed:
        raise PermissionDenied(f"{BUYER}, {LEAD}")


def life_dict(life: incoming.LifeView | None) -> dict[str, Any] | None:
    """Return the JSON form of a life."""
    if life is None:
        return None
    return {
        "lot": life.lot,
        "expires_on": life.expires_on,
        "days": life.days,
        "msl": life.msl,
        "limit_seconds": life.limit,
        "spent_seconds": life.spent,
        "left_seconds": life.left,
        "running": bool(life.clock and life.clock.running),
        "stop": life.stop,
    }


def received_dict(answer: Received) -> dict[str, Any]:
    """Return the JSON form of what became of a lot."""
    return {
        "lot": answer.lot,
        "status": answer.status,
        "refusal": answer.refusal.as_dict() if answer.refusal else None,
        "warnings": [warning.as_dict() for warning in answer.warnings],
        "inspection": answer.inspection,
        "hold": answer.hold,
    }


def receipt_dict(row: queries.ReceiptRow) -> dict[str, Any]:
    """Return the JSON form of a receipt."""
    plain = {name: getattr(row, name) for name in row.__slots__}
    return plain | {"life": life_dict(row.life)}


def _plan_dict(source: Any) -> dict[str, Any]:
    return {name: getattr(source, name) for name in PlanOut.model_fields}


def inspection_dict(asked: Inspection) -> dict[str, Any]:
    """Return the JSON form of an inspection, with its plan of this moment while it waits."""
    result = getattr(asked, "result", None)
    disposition = getattr(asked, "disposition", None)
    waiting = queries.waiting_row(asked) if result is None else None
    found: dict[str, Any] = {
        name: getattr(asked, name)
        for name in ("lot", "part", "supplier", "lot_size", "level", "original", "hold", "asked_at")
    }
    found |= {"number": asked.pk, "aql": asked.aql.normalize() + 0, "plan": None, "result": None}
    if waiting is not None:
        found["state"] = "stopped" if waiting.plan is None else "waiting"
        found["plan"] = _plan_dict(waiting.plan) if waiting.plan else None
        return found
    assert result is not None
    names = ("nonconforming", "defects", "verdict", "inspector", "report_name", "report_sha256", "at")
    found["state"] = result.verdict
    found["result"] = (
        _plan_dict(result)
        | {name: getattr(result, name) for name in names}
        | {
            "disposition": disposition.what if disposition else "",
            "deviation": disposition.deviation if disposition else "",
        }
    )
    return found


def _delivery(one: LotIn) -> Delivery | Unread:
    try:
        return Delivery(**one.model_dump() | {"quantity": read_quantity(one.quantity)})
    except Refused as refused:
        return Unread(one.lot, refused.refusal)


@router.post("/receipts", response={200: ReceivedAllOut, **ERRORS}, summary="Receive lots")
def post_receipts(request: HttpRequest, body: ReceiptIn) -> object:
    """Receive lots; each is answered by itself, and what is accepted is kept."""
    _need(may_receive(request.user))
    now = timezone.now()
    lots = [_delivery(one) for one in body.lots]
    answers = receive_lots(
        lots=lots, station=body.station, actor=body.actor, at=body.at or now, now=now, user=request.user
    )
    return {"lots": [received_dict(answer) for answer in answers]}


@router.get("/receipts", response={200: ReceiptsOut, **ERRORS}, summary="Receipts")
def get_receipts(
    request: HttpRequest,
    part: Query[Short | None] = None,
    supplier: Query[Short | None] = None,
    lot: Query[Short | None] = None,
    after: Query[Line | None] = None,
) -> object:
    """List lots that came in, the latest first."""
    now = timezone.now()
    page = queries.receipt_page(
        now=now,
        today=today_of(now),
        part=part or "",
        supplier=supplier or "",
        lot=lot or "",
        after=after or "",
    )
    return {"receipts": [receipt_dict(row) for row in page.rows], "after": page.after}


@router.get("/inspections", response={200: InspectionsOut, **ERRORS}, summary="Inspections that wait")
def get_inspections(request: HttpRequest) -> object:
    """List lots in quarantine that wait to be judged, those that wait longest first."""
    return {"inspections": [inspection_dict(row.inspection) for row in queries.waiting_rows()]}


@router.post("/inspections", response={201: InspectionOut, **ERRORS}, summary="Present a lot again")
def post_inspection(request: HttpRequest, body: AgainIn) -> object:
    """Have a lot inspected again; it is held, and does not count for the severity of its source."""
    _need(may_receive(request.user))
    made = judging.present_again(lot=body.lot, now=timezone.now(), user=request.user)
    return Status(201, inspection_dict(judging.find_inspection(made.pk)))


@router.get("/inspections/{number}", response={200: InspectionOut, **ERRORS}, summary="One inspection")
def get_inspection(request: HttpRequest, number: Path[Whole]) -> object:
    """Return an inspection with its plan or its result."""
    return inspection_dict(judging.find_inspection(number))


@router.post("/inspections/{number}/result", response={200: InspectionOut, **ERRORS}, summary="Judge a lot")
def post_result(request: HttpRequest, number: Path[Whole], body: FindingsIn) -> object:
    """Say what was found in the sample; an accepted lot leaves quarantine at once."""
    _need(may_inspect(request.user))
    findings = judging.Findings(
        body.nonconforming,
        tuple((defect.code, defect.count) for defect in body.defects),
        body.inspector or request.user.get_username(),
        body.severity,
        body.report_name,
        body.report_sha256,
    )
    judging.judge(number=number, findings=findings, now=timezone.now(), user=request.user)
    return inspection_dict(judging.find_inspection(number))


@router.post(
    "/inspections/{number}/disposition", response={200: InspectionOut, **ERRORS}, summary="Dispose of a lot"
)
def post_disposition(request: HttpRequest, number: Path[Whole], body: DispositionIn) -> object:
    """Say what is done with a refused lot: returned, sorted, or used under a deviation (concession)."""
    _need(may_receive(request.user))
    judging.dispose(
        number=number,
        what=body.what,
        good=read_quantity(body.good) if body.good else None,
        bad=read_quantity(body.bad) if body.bad else None,
        deviation=body.deviation,
        note=body.note,
        now=timezone.now(),
        user=request.user,
    )
    return inspection_dict(judging.find_inspection(number))


@router.get("/severity", response={200: SeverityOut, **ERRORS}, summary="Severity of a source")
def get_severity(request: HttpRequest, supplier: Query[Short], part: Query[Short]) -> object:
    """Say how severely a supplier's lots of a part are inspected, and what led there."""
    return _severity(supplier, part)


@router.post("/severity", response={200: SeverityOut, **ERRORS}, summary="Note on a source")
def post_severity(
    request: HttpRequest, supplier: Query[Short], part: Query[Short], body: SeverityNoteIn
) -> object:
    """Note that production is irregular, or that a stopped supplier has put things right."""
    _need(may_receive(request.user))
    operations.note_severity(
        supplier=supplier, part=part, what=body.what, reason=body.reason, now=timezone.now(),
        user=request.user,
    )  # fmt: skip
    return _severity(supplier, part)


def _severity(supplier: str, part: str) -> dict[str, Any]:
    history = incoming.history_of(supplier, part)
    now = history[-1].after if history else incoming.START
    rows = [
        {"at": one.at, "lot": one.lot, "verdict": one.verdict, "state": one.after.state} for one in history
    ]
    return {
        "supplier": supplier, "part": part, "state": now.state, "score": now.score, "run": now.run,
        "refused": now.refused, "history": rows,
    }  # fmt: skip


@router.get("/rules/{path:part}", response={200: RuleOut, **ERRORS}, summary="Receiving rule of a part")
def get_rule(request: HttpRequest, part: Path[Identifier]) -> object:
    """Return how lots of a part are received; a part without a rule is neither inspected nor limited."""
    found = incoming.rules_of([part]).get(part)
    return _rule(found) if found else {**RuleIn().model_dump(), "part": part, "aql": None}


@router.put("/rules/{path:part}", response={200: RuleOut, **ERRORS}, summary="Set the rule of a part")
def put_rule(request: HttpRequest, part: Path[Identifier], body: RuleIn) -> object:
    """Say how lots of a part are received from now on."""
    _need(may_receive(request.user))
    asked = operations.RuleAsked(**body.model_dump())
    return _rule(operations.set_receiving_rule(part=part, asked=asked, now=timezone.now(), user=request.user))


def _rule(rule: Any) -> dict[str, Any]:
    found = {name: getattr(rule, name) for name in RuleOut.model_fields}
    return found | {"aql": rule.aql.normalize() + 0 if rule.aql is not None else None}


@router.post("/ticks", response={200: TicksOut, **ERRORS}, summary="Bags opened, sealed, dried, baked")
def post_ticks(request: HttpRequest, body: TickIn) -> object:
    """Record what starts, stops or resets the floor-life clocks of lots."""
    _need(may_inspect(request.user))
    now = timezone.now()
    written = operations.write_ticks(
        lots=body.lots, what=body.what, at=body.at or now, now=now, note=body.note, user=request.user
    )
    return {"written": len(written)}


@router.get("/life/{path:lot}", response={200: LifeOut, **ERRORS}, summary="Life of a lot")
def get_life(request: HttpRequest, lot: Path[Identifier]) -> object:
    """Say how long a lot may be used."""
    return _life(lot)


@router.put("/life/{path:lot}", response={200: LifeOut, **ERRORS}, summary="Say a lot's life anew")
def put_life(request: HttpRequest, lot: Path[Identifier], body: LifeIn) -> object:
    """Say anew how long a lot may be used, with the reason."""
    _need(may_receive(request.user))
    operations.write_life(lot=lot, now=timezone.now(), user=request.user, **body.model_dump())
    return _life(lot)


def _life(lot: str) -> dict[str, Any] | None:
    operations.require_lots([lot])
    now = timezone.now()
    found = incoming.life_views([lot], now, today_of(now)).get(lot)
    return life_dict(found or incoming.LifeView(lot, None, None, "", None, 0, None, None, ""))


@router.get("/expiry", response={200: list[LifeOut], **ERRORS}, summary="Lots by what ends first")
def get_expiry(request: HttpRequest, part: Query[Short | None] = None) -> object:
    """List lots whose use is limited, those first that end first."""
    now = timezone.now()
    rows, _ = queries.expiry_rows(now=now, today=today_of(now), part=part or "")
    return [life_dict(row.life) for row in rows]
