"""What the stores' API takes and gives. Quantities go out as text, exact to six decimals."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from karkhana.floor.stores.transforming import PIECES_MAX

_WORD = r"^[^\x00-\x1f\x7f]*$"
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=_WORD)]
Words = Annotated[str, StringConstraints(max_length=500, pattern=_WORD)]
Key = Annotated[str, StringConstraints(max_length=400, pattern=_WORD)]
State = Literal["on_hand", "store", "line", "quarantine", "scrap", "held", "empty", "all"]
MOVES_AT_ONCE = 500


class PlaceOut(Schema):
    """A storage place. ``made`` is False for a default store that nothing was ever moved from."""

    code: str
    name: str
    plant: str
    kind: str
    is_default: bool
    made: bool


class PlacesOut(Schema):
    """All places."""

    places: list[PlaceOut]


class PlaceIn(Schema):
    """A place to make; ``kind`` is store, quarantine, line or scrap."""

    code: Name
    plant: Name
    kind: Name
    name: Words = ""


class RangeOut(Schema):
    """An amount known between two ends; the same text twice when it is exact."""

    low: str
    high: str


class StandingOut(Schema):
    """So much of a lot at a place by book."""

    place: str
    kind: str
    quantity: str


class StockLotOut(Schema):
    """A lot with where it stands. ``owner`` is the brand that handed it in, empty for the maker's own."""

    lot: str
    part: str
    supplier: str | None
    origin: str | None
    supplier_lot: str
    received_at: dt.datetime
    plant: str
    owner: str
    quantity: str
    on_hand: str
    held: str
    standing: list[StandingOut]


class StockOut(Schema):
    """One page of lots by their numbers; ``after`` is the key of the next one."""

    lots: list[StockLotOut]
    after: str | None


class StockMoveOut(Schema):
    """A row of the journal."""

    number: int
    kind: str
    lot: str
    quantity: str
    source: str
    target: str
    reason: str
    work_order: str
    note: str
    at: dt.datetime
    by: str


class StockMovesOut(Schema):
    """Movements of a lot, the latest first; ``before`` leads to older ones."""

    moves: list[StockMoveOut]
    before: str | None


class KinOut(Schema):
    """A lot that another was made of or into."""

    lot: str
    part: str
    at: dt.datetime


class LotDetailOut(StockLotOut):
    """Everything about one lot.

    ``used`` is what the record says was used in all, ``booked`` what counts have booked of it, ``expected``
    what must be there by book.
    """

    used: RangeOut
    booked: str
    expected: RangeOut
    units: int
    moves: list[StockMoveOut]
    made_from: list[KinOut]
    made_into: list[KinOut]


class StockUnitOut(Schema):
    """A unit that took of a lot; ``sure`` is False where a change-over leaves several candidates."""

    unit: str
    product: str | None
    revision: str | None
    state: str
    how: str
    step: int | None
    quantity: str
    sure: bool


class StockUnitsOut(Schema):
    """One page of units by serial number."""

    units: list[StockUnitOut]
    after: str | None


class StockMoveIn(Schema):
    """A movement to write. ``id`` is made by whoever reports it: sent again, it is written once."""

    id: uuid.UUID
    kind: Literal["move", "issue", "return", "scrap", "send_back"]
    lot: Name
    quantity: Decimal
    source: Words = ""
    target: Words = ""
    reason: Words = ""
    work_order: Words = ""
    note: Words = ""


class StockMovesIn(Schema):
    """Movements of which all are written or none."""

    moves: Annotated[list[StockMoveIn], Field(min_length=1, max_length=MOVES_AT_ONCE)]


class PostedOut(Schema):
    """A movement in the journal; ``repeated`` when it was there before."""

    id: uuid.UUID
    number: int
    repeated: bool


class AllPostedOut(Schema):
    """What was written, in order."""

    moves: list[PostedOut]


class CountIn(Schema):
    """A count of a lot at a place; ``reason`` only where it differs from what is expected."""

    id: uuid.UUID
    lot: Name
    place: Name
    counted: Decimal
    reason: Words = ""
    note: Words = ""


class CountOut(Schema):
    """What a count said: ``used`` was booked as built in, ``difference`` adjusted (below zero: missing)."""

    lot: str
    place: str
    balance: str
    expected: RangeOut
    counted: str
    used: str
    difference: str
    repeated: bool


class PieceIn(Schema):
    """A new lot of a split."""

    lot: Name
    quantity: Decimal


class SplitIn(Schema):
    """Take new lots off a lot at a place."""

    id: uuid.UUID
    lot: Name
    place: Name
    pieces: Annotated[list[PieceIn], Field(min_length=1, max_length=PIECES_MAX)]


class MergeSourceIn(Schema):
    """So much of a lot at a place that goes into a merge."""

    lot: Name
    place: Name
    quantity: Decimal


class MergeIn(Schema):
    """Put amounts of lots together as a new lot at a place."""

    id: uuid.UUID
    lot: Name
    place: Name
    sources: Annotated[list[MergeSourceIn], Field(min_length=1, max_length=PIECES_MAX)]


class AccountOut(Schema):
    """What became of consigned material; ``unexplained`` below zero: so much was missing at counts."""

    received: str
    taken_over: str
    used: RangeOut
    scrapped: str
    returned: str
    explained: str
    unexplained: str
    on_hand: RangeOut
    units: int


class ConsignedPartOut(AccountOut):
    """All lots of a part, added up."""

    part: str
    lots: int
    counted_at: dt.datetime | None


class ConsignedOut(Schema):
    """One page of a brand's consigned parts."""

    brand: str
    parts: list[ConsignedPartOut]
    after: str | None


class ConsignedLotOut(AccountOut):
    """One consigned lot with its last count."""

    lot: str
    part: str
    received_at: dt.datetime
    last_count: str | None
    counted_place: str | None
    counted_at: dt.datetime | None


class ConsignedLotsOut(Schema):
    """One page of a brand's consigned lots of a part."""

    brand: str
    lots: list[ConsignedLotOut]
    after: str | None
