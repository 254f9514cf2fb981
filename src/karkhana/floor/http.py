"""The floor's typed API: events in, units, traces, recalls and line status out."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.request import RawPostDataException
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import StringConstraints

from karkhana.floor.operations import Outcome, record_events
from karkhana.floor.recall import recall
from karkhana.floor.trace import json_default, trace_unit
from karkhana.kernel.refusals import refuse
from karkhana.partners.answers import ERRORS, RefusalOut

router = Router(tags=["floor"])
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A serial, lot or code in an address: bounded, without control characters."""


class OutcomeOut(Schema):
    """What became of one event."""

    id: str | None
    status: Literal["accepted", "refused", "repeated"]
    refusal: RefusalOut | None


class BatchOut(Schema):
    """What became of a batch, event by event in its order."""

    accepted: int
    refused: int
    repeated: int
    outcomes: list[OutcomeOut]


def _json(value: Any, status: int = 200) -> HttpResponse:
    """Answer with JSON, several times faster than through a schema for large answers."""
    body = msgspec.json.encode(value, enc_hook=json_default)
    return HttpResponse(body, content_type="application/json", status=status)


@router.post(
    "/events",
    response={200: BatchOut, **ERRORS},
    summary="Record a batch of events",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {
                        "type": "array",
                        "maxItems": 100_000,
                        "items": {"$ref": "#/components/schemas/Event"},
                    }
                }
            },
        }
    },
)
def post_events(request: HttpRequest) -> HttpResponse:
    """Gate a batch of events and record all of it, refusals included, in one transaction.

    The body is a JSON array. One bad event never rejects the others, and an event sent again is recorded
    once: its first outcome is repeated.
    """
    try:
        body = request.body
    except RawPostDataException:
        raise refuse(
            "batch.malformed",
            "The batch was sent as a form.",
            "Send a JSON array as the body, with the content type application/json.",
        ) from None
    return _json(batch_out(record_events(body, recorded_at=timezone.now())))


def batch_out(outcomes: list[Outcome]) -> dict[str, Any]:
    """Return the JSON form of a batch's outcomes."""
    counts = {"accepted": 0, "refused": 0, "repeated": 0}
    for outcome in outcomes:
        counts[outcome.status] += 1
    return {**counts, "outcomes": [outcome.as_dict() for outcome in outcomes]}


@router.get(
    "/units/{path:serial}", response={200: dict[str, Any], **ERRORS}, summary="Everything about one unit"
)
def get_unit(request: HttpRequest, serial: Path[Identifier]) -> HttpResponse:
    """Trace a unit by its process serial or any of its identities."""
    return _json(trace_unit(serial))


@router.get("/recall", response={200: dict[str, Any], **ERRORS}, summary="Where a lot or part was used")
def get_recall(
    request: HttpRequest, lot: Query[Identifier | None] = None, serial: Query[Identifier | None] = None
) -> HttpResponse:
    """List the units that hold a lot, or a part or sub-assembly of a serial number. Give one of the two."""
    return _json(recall(lot=lot, serial=serial))


@router.get("/lines/{path:code}", response={200: dict[str, Any], **ERRORS}, summary="Status of a line today")
def get_line(request: HttpRequest, code: Path[Identifier], day: Query[dt.date | None] = None) -> HttpResponse:
    """Tell a line's output, first-pass yield, refusals by reason and what stands where, of a plant's day."""
    from karkhana.floor.queries.status import line_status

    if day is not None and not 1950 <= day.year <= 2150:
        raise refuse(
            "day.unknown", "There is no production day {day}.", "Check the date.", day=day.isoformat()
        )
    found = line_status(code, timezone.now(), day)
    if found is None:
        raise refuse("line.unknown", "There is no line {line}.", "Check the code.", line=code)
    return _json(found)
