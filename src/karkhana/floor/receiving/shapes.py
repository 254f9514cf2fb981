"""The schemas of goods in, as the API reads and writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AwareDatetime, Field, StringConstraints

from karkhana.floor.http import Identifier
from karkhana.floor.receiving.asked import LOTS_MAX
from karkhana.floor.receiving.judging import DEFECTS_MAX
from karkhana.partners.answers import RefusalOut
from karkhana.supply.incoming.operations import LOTS_MAX as TICK_LOTS_MAX

Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Short = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")]
Whole = Annotated[int, Field(ge=0, lt=2**62)]


class LotIn(Schema):
    """One lot that comes in. ``quantity`` is text with a decimal point, ``origin`` a country code."""

    lot: Short
    part: Short
    quantity: Short
    supplier: Short
    origin: Short = ""
    supplier_lot: Line = ""
    manufactured_on: dt.date | None = None
    expires_on: dt.date | None = None
    msl: Short = ""
    label_hours: Whole | None = None


class ReceiptIn(Schema):
    """Lots that come in together. ``at`` is when, now where it is left out."""

    station: Identifier
    actor: Identifier | None = None
    at: AwareDatetime | None = None
    lots: Annotated[list[LotIn], Field(min_length=1, max_length=LOTS_MAX)]


class ReceivedOut(Schema):
    """What became of one lot; ``inspection`` is the number of the inspection that it waits for."""

    lot: str
    status: Literal["received", "quarantined", "refused"]
    refusal: RefusalOut | None
    warnings: list[RefusalOut]
    inspection: int | None
    hold: str


class ReceivedAllOut(Schema):
    """What became of each lot, in order."""

    lots: list[ReceivedOut]


class LifeOut(Schema):
    """How the life of a lot stands; seconds of floor life, null where it has no limit."""

    lot: str
    expires_on: dt.date | None
    days: int | None
    msl: str
    limit_seconds: int | None
    spent_seconds: int
    left_seconds: int | None
    running: bool
    stop: str


class LotReceiptOut(Schema):
    """A lot that came in, with the state of its inspection and whether it is held."""

    lot: str
    part: str
    quantity: Decimal | None
    supplier: str
    origin: str
    supplier_lot: str
    received_at: dt.datetime
    station: str
    held: bool
    state: str
    disposition: str
    inspection: int | None
    life: LifeOut | None


class ReceiptsOut(Schema):
    """One page of receipts, the latest first; ``after`` is the key of the next one."""

    receipts: list[LotReceiptOut]
    after: str | None


class PlanOut(Schema):
    """A single sampling plan (ISO 2859-1); ``whole`` means that every item is inspected."""

    severity: str
    letter: str
    sample: int
    accept: int
    reject: int
    whole: bool


class ResultOut(PlanOut):
    """What an inspection found."""

    nonconforming: int
    defects: list[dict[str, Any]]
    verdict: str
    inspector: str
    report_name: str
    report_sha256: str
    at: dt.datetime
    disposition: str
    deviation: str


class InspectionOut(Schema):
    """An inspection; ``plan`` is null when it is done or acceptance is stopped, ``result`` while it waits."""

    number: int
    lot: str
    part: str
    supplier: str
    lot_size: int
    level: str
    aql: Decimal
    original: bool
    hold: str
    asked_at: dt.datetime
    state: str
    plan: PlanOut | None
    result: ResultOut | None


class InspectionsOut(Schema):
    """Inspections that wait."""

    inspections: list[InspectionOut]


class DefectCountIn(Schema):
    """How often a defect was found in the sample."""

    code: Short
    count: Whole


class FindingsIn(Schema):
    """What was found. ``severity`` refuses the answer when the plan has changed since it was read."""

    nonconforming: Whole
    defects: Annotated[list[DefectCountIn], Field(max_length=DEFECTS_MAX)] = []
    inspector: Short = ""
    severity: Short | None = None
    report_name: Line = ""
    report_sha256: Short = ""


class DispositionIn(Schema):
    """What is done with a refused lot; ``good`` and ``bad`` only for a sorted one, as text."""

    what: Short
    good: Short = ""
    bad: Short = ""
    deviation: Short = ""
    note: Line = ""


class AgainIn(Schema):
    """A lot that is presented again."""

    lot: Short


class RuleIn(Schema):
    """How lots of a part are received; docs/incoming.md says what each field means."""

    level: Short = ""
    aql: Short = ""
    may_reduce: bool = False
    source_policy: Short = "warn"
    shelf_life_days: Whole | None = None
    msl: Short = ""


class RuleOut(Schema):
    """The receiving rule of a part."""

    part: str
    level: str
    aql: Decimal | None
    may_reduce: bool
    source_policy: str
    shelf_life_days: int | None
    msl: str


class TickIn(Schema):
    """What happened to the bags of lots: opened, dry, sealed or baked; now where ``at`` is missing."""

    lots: Annotated[list[Short], Field(min_length=1, max_length=TICK_LOTS_MAX)]
    what: Short
    at: AwareDatetime | None = None
    note: Line = ""


class TicksOut(Schema):
    """How many lots' clocks were written."""

    written: int


class LifeIn(Schema):
    """How long a lot may be used from now on, and why that is said anew."""

    manufactured_on: dt.date | None = None
    expires_on: dt.date | None = None
    msl: Short = ""
    label_hours: Whole | None = None
    reason: Line


class SeverityOut(Schema):
    """How severely a supplier's lots of a part are inspected, and what led there."""

    supplier: str
    part: str
    state: str
    score: int
    run: int
    refused: int
    history: list[dict[str, Any]]


class SeverityNoteIn(Schema):
    """``irregular`` production, or a stopped supplier who has put things right (``resumed``)."""

    what: Short
    reason: Line
