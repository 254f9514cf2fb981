"""The pools' typed API: anybody with a role reads and draws; engineers make pools and give them ranges."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Path, Router, Schema
from ninja.security import SessionAuth
from pydantic import Field, StringConstraints

from karkhana.floor.http import ERRORS, Identifier
from karkhana.floor.pools import operations, queries
from karkhana.floor.pools.draws import Drawn, draw
from karkhana.floor.pools.files import LINES_MAX, RangeLine
from karkhana.floor.pools.rules import DRAW_MAX
from karkhana.partners.roles import ADMIN, ENGINEER, has_role

VALUES_MAX = 10_000
"""Values that an answer writes out; of larger draws it tells the first and the last of each block."""
_WORD = r"^[^\x00-\x1f\x7f]*$"
Text = Annotated[str, StringConstraints(max_length=120, pattern=_WORD)]
Count = Annotated[int, Field(ge=0, le=10**15)]

router = Router(tags=["pools"])


class _Engineers(SessionAuth):
    """A session or token of an engineer or an admin."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Any:
        return request.user if has_role(request.user, (ENGINEER, ADMIN)) else None


engineers = _Engineers()


class PoolOut(Schema):
    """A pool in numbers; ``size`` = ``free`` + ``allotted`` + ``personalised`` + ``burnt``."""

    code: str
    name: str
    brand: str
    plant: str
    product: str
    scheme: str
    kind: str
    template: str
    is_closed: bool
    size: int
    free: int
    allotted: int
    personalised: int
    burnt: int
    per_day: int
    days_left: int | None
    runs_out_on: dt.date | None
    alarm_days: int
    alarm_count: int
    alarm: bool


class PoolsOut(Schema):
    """All pools."""

    pools: list[PoolOut]


class PoolIn(Schema):
    """A new pool; ``docs/identities.md`` says what each field means."""

    code: Text
    brand: Text
    scheme: Text
    name: Text = ""
    kind: Text = ""
    plant: Text = ""
    product: Text = ""
    template: Text = ""
    counter_first: Count = 1
    counter_last: Count | None = None
    alarm_days: Annotated[int, Field(ge=0, le=3650)] = 14
    alarm_count: Count = 0


class PoolSet(Schema):
    """What of a pool may change; what is left out stays."""

    is_closed: bool | None = None
    alarm_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    alarm_count: Count | None = None


class DrawIn(Schema):
    """What is drawn and for what; a ``key`` makes it repeatable."""

    count: Annotated[int, Field(ge=1, le=DRAW_MAX)] = 1
    key: Annotated[str, StringConstraints(min_length=1, max_length=110, pattern=_WORD)] | None = None
    line: Text = ""
    station: Text = ""
    work_order: Text = ""
    unit: Text = ""
    product: Text = ""


class BlockOut(Schema):
    """Consecutive values, first and last included."""

    first: str
    last: str
    count: int


class DrawnOut(Schema):
    """What was drawn; ``values`` is left empty above 10,000."""

    pool: str
    scheme: str
    count: int
    repeated: bool
    blocks: list[BlockOut]
    values: list[str]


class RangeIn(Schema):
    """A range: a block or TAC alone in ``first``, or first and last, or first and count."""

    first: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_WORD)]
    last: Text = ""
    count: Annotated[int, Field(ge=1, le=2**40)] | None = None
    certificate: Text = ""


class RangesIn(Schema):
    """Ranges to give to a pool: all of them, or none."""

    ranges: Annotated[list[RangeIn], Field(min_length=1, max_length=LINES_MAX)]


class ImportedOut(Schema):
    """What was stored, and what is allowed but seldom meant."""

    ranges: int
    values: int
    warnings: list[str]


class SpoilIn(Schema):
    """A drawn value that must not be used any more."""

    value: Text
    reason: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_WORD)]


class SpoiltOut(Schema):
    """The value in its normal form."""

    value: str


def _answer(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(value), content_type="application/json", status=status)


def _pool(code: str) -> dict[str, Any]:
    return asdict(queries.pool(code, timezone.now()))


def _actor(request: HttpRequest) -> str:
    return request.user.get_username()


def drawn_out(drawn: Drawn) -> dict[str, Any]:
    """Return the JSON form of a draw."""
    return {
        "pool": drawn.pool,
        "scheme": drawn.scheme,
        "count": drawn.count,
        "repeated": drawn.repeated,
        "blocks": [{"first": b.first, "last": b.last, "count": b.count} for b in drawn.blocks],
        "values": drawn.values() if drawn.count <= VALUES_MAX else [],
    }


@router.get("", response={200: PoolsOut, **ERRORS}, summary="All pools of identities")
def get_pools(request: HttpRequest) -> HttpResponse:
    """Tell every pool's counts, consumption and when it runs out."""
    return _answer({"pools": [asdict(view) for view in queries.pools(timezone.now())]})


@router.get("/{code}", response={200: PoolOut, **ERRORS}, summary="One pool of identities")
def get_pool(request: HttpRequest, code: Path[Identifier]) -> HttpResponse:
    """Tell a pool's counts, consumption and when it runs out."""
    return _answer(_pool(code))


@router.post("/{code}/draw", response={200: DrawnOut, **ERRORS}, summary="Draw values from a pool")
def post_draw(request: HttpRequest, code: Path[Identifier], body: DrawIn) -> HttpResponse:
    """Draw the next values: all that were asked for or none, and none of them ever again.

    After a lost answer, send the same key (or the same unit) again: the same values come back.
    """
    texts = {name: getattr(body, name) for name in ("line", "station", "work_order", "unit", "product")}
    return _answer(
        drawn_out(
            draw(
                pool=code, count=body.count, key=body.key, now=timezone.now(), actor=_actor(request), **texts
            )
        )
    )


@router.post("/{code}/spoil", response={200: SpoiltOut, **ERRORS}, summary="Take a drawn value out of use")
def post_spoil(request: HttpRequest, code: Path[Identifier], body: SpoilIn) -> HttpResponse:
    """Report a value that was drawn and must not be written into any unit, such as one on a torn label."""
    value = operations.spoil(
        pool=code, value=body.value, reason=body.reason, now=timezone.now(), actor=_actor(request)
    )
    return _answer({"value": value})


@router.post("", response={200: PoolOut, **ERRORS}, summary="Make a pool", auth=engineers)
def post_pool(request: HttpRequest, body: PoolIn) -> HttpResponse:
    """Make a pool; the same once more changes nothing."""
    operations.create_pool(**body.dict(), now=timezone.now())
    return _answer(_pool(body.code))


@router.patch(
    "/{code}", response={200: PoolOut, **ERRORS}, summary="Close a pool or set its alarm", auth=engineers
)
def patch_pool(request: HttpRequest, code: Path[Identifier], body: PoolSet) -> HttpResponse:
    """Close or open a pool, or set when it gives alarm."""
    operations.set_pool(code=code, **body.dict())
    return _answer(_pool(code))


@router.post(
    "/{code}/ranges", response={200: ImportedOut, **ERRORS}, summary="Give a pool ranges", auth=engineers
)
def post_ranges(request: HttpRequest, code: Path[Identifier], body: RangesIn) -> HttpResponse:
    """Store the ranges that a registry assigned: all of them, or none and a refusal with the place."""
    lines = [
        RangeLine(f"ranges.{number}", one.first, one.last, one.count, one.certificate)
        for number, one in enumerate(body.ranges)
    ]
    return _answer(asdict(operations.import_ranges(lines=lines, pool=code, now=timezone.now())))


@router.delete(
    "/{code}/ranges/{first}", response={200: PoolOut, **ERRORS}, summary="Take a range back", auth=engineers
)
def delete_range(request: HttpRequest, code: Path[Identifier], first: Path[Identifier]) -> HttpResponse:
    """Take back a range, named by its first value, that nothing was drawn from."""
    operations.remove_range(pool=code, first=first)
    return _answer(_pool(code))
