"""The typed API of what to localise next."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Router, Schema, Status
from pydantic import Field, StringConstraints

from karkhana.localisation.choosing import queries
from karkhana.localisation.choosing.operations import drop_candidate, plan_units, save_candidate
from karkhana.partners.answers import ERRORS
from karkhana.solving.localising import Candidate, Problem

router = Router(tags=["local value"])
SECONDS = 20.0
Word = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Amount = Annotated[Decimal, Field(max_digits=20, decimal_places=6, allow_inf_nan=False)]
Share = Annotated[Decimal, Field(ge=0, le=1, decimal_places=6, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Month = Annotated[str, StringConstraints(pattern=r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])$")]


class NextEffect(Schema):
    """What a candidate does to one unit of a product; amounts in rupees."""

    product: Code
    imported_before: Amount
    imported_after: Amount
    price_change: Amount = Decimal(0)
    value_change: Amount = Decimal(0)
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    local_value: Amount | None = None


class NextCandidate(Schema):
    """A part or sub-assembly that could come from a local source; see the guide for every field."""

    code: Code
    effects: Annotated[list[NextEffect], Field(max_length=200)] = []
    part: Word = ""
    source: Word = ""
    replaces: Annotated[list[Code], Field(max_length=50)] = []
    one_time: Amount = Decimal(0)
    lead_months: Annotated[int, Field(ge=0, le=600)] = 0
    capacity: Count | None = None
    minimum: Count = 0
    minimum_per: Literal["month", "order"] = "month"
    share_max: Share = Decimal(1)
    share_min: Share = Decimal(0)
    only_one_of: Word = ""
    requires: Annotated[list[Code], Field(max_length=50)] = []


class NextCandidatesOut(Schema):
    """Every candidate that is not dropped, by code."""

    candidates: list[NextCandidate]


class NextProduct(Schema):
    """A product: units per month of the horizon, value and imported value of one today."""

    code: Code
    units: Annotated[list[Count], Field(min_length=1, max_length=120)]
    value: Amount
    imported: Amount
    local_parts: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    local_parts_value: Amount = Decimal(0)


class NextTarget(Schema):
    """What is to be reached; without an amount, as much as the budget gives."""

    by: Month
    amount: Amount | None = None
    measure: Literal["percentage", "count", "value"] = "percentage"
    months: Annotated[int, Field(ge=1, le=120)] = 1
    products: Annotated[list[Code], Field(max_length=200)] = []
    base: Amount | None = None


class NextProblem(Schema):
    """A whole problem; nothing of it is stored."""

    start: Month
    products: Annotated[list[NextProduct], Field(min_length=1, max_length=200)]
    candidates: Annotated[list[NextCandidate], Field(max_length=2_000)]
    target: NextTarget
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "INR"
    method: Word = ""
    keep: bool = True
    budget: Amount | None = None
    budget_on: Literal["total", "one_time"] = "total"


class NextPlanRow(Schema):
    """Units of a product that are planned for a month."""

    product: Code
    month: Month
    units: Count


class NextPlanIn(Schema):
    """Rows of a plan; they replace what was planned for the same product and month."""

    rows: Annotated[list[NextPlanRow], Field(max_length=5_000)]


class NextPlanOut(Schema):
    """How many rows were stored."""

    stored: int


_ANSWER = {
    "responses": {
        200: {
            "description": "The plan with status, level, cost, bound, chosen, not_chosen, limits, curve,"
            " months and uses; amounts and percentages as text.",
            "content": {"application/json": {"schema": {"type": "object", "additionalProperties": True}}},
        }
    }
}


@router.post("", response=ERRORS, summary="What to localise next", openapi_extra=_ANSWER)
def post_next(request: HttpRequest, body: NextProblem) -> HttpResponse:
    """Choose what reaches a target at least cost, or the most for a budget. Nothing is stored."""
    problem = msgspec.convert(body.model_dump(), Problem)
    result = queries.answer(problem, seconds=SECONDS)
    return HttpResponse(msgspec.json.encode(result), content_type="application/json")


@router.get("/candidates", response={200: NextCandidatesOut, **ERRORS}, summary="Candidates")
def get_candidates(request: HttpRequest) -> object:
    """List the candidates."""
    return {"candidates": [_plain(candidate) for candidate in queries.candidates()]}


@router.post("/candidates", response={201: NextCandidate, **ERRORS}, summary="Store a candidate")
def post_candidate(request: HttpRequest, body: NextCandidate) -> object:
    """Store a candidate, in place of the one of the same code."""
    candidate = msgspec.convert(body.model_dump(), Candidate)
    save_candidate(candidate=candidate, now=timezone.now(), user=request.user)
    return Status(201, _plain(candidate))


@router.delete("/candidates/{path:code}", response={204: None, **ERRORS}, summary="Drop a candidate")
def delete_candidate(request: HttpRequest, code: Path[Code]) -> object:
    """Take a candidate out of every choice."""
    drop_candidate(code=code, now=timezone.now())
    return Status(204, None)


@router.post("/plan", response={200: NextPlanOut, **ERRORS}, summary="Plan units")
def post_plan(request: HttpRequest, body: NextPlanIn) -> object:
    """Store planned units."""
    planned = {(row.product, dt.date.fromisoformat(f"{row.month}-01")): row.units for row in body.rows}
    return {"stored": plan_units(planned=planned)}


def _plain(candidate: Candidate) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.structs.asdict(candidate)
    return plain | {"effects": [msgspec.structs.asdict(effect) for effect in candidate.effects]}
