"""The typed API of local value as designed."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field, StringConstraints

from karkhana.kernel.refusals import refuse
from karkhana.localisation.designed.queries import GST_PERCENT, VOLUME, value_revision
from karkhana.partners.answers import ERRORS

router = Router(tags=["local value"])
Word = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
Amount = Annotated[Decimal, Field(max_digits=24, decimal_places=9)]


class DesignedLineOut(Schema):
    """How one part, or one amount of the product, counts in the usual case; amounts in rupees as text."""

    part: str
    lot: str
    supplier: str
    origin: str
    group: str
    channel: str
    place: str
    quantity: str
    value: str
    local_value: str
    local_most: str
    why: str
    lots: list[str]


class DesignedDoubtOut(Schema):
    """What the figure cannot rest on yet."""

    code: str
    part: str
    lot: str
    why: str
    detail: str


class DesignedSourceOut(Schema):
    """Which part of whom stands in a case."""

    part: str
    supplier: str
    origin: str
    channel: str


class DesignedChoiceOut(Schema):
    """A part whose best source is another than its worst."""

    part: str
    usual: DesignedSourceOut | None
    best: DesignedSourceOut | None
    worst: DesignedSourceOut | None


class DesignedUnpricedOut(Schema):
    """A part without any price: it counts as nothing."""

    part: str
    manufacturer: str
    quantity: str
    code: str
    why: str


class DesignedSubjectOut(Schema):
    """What was valued."""

    product: str
    revision: str
    market: str


class DesignedOut(Schema):
    """Local value of a revision before anything is bought.

    ``percent`` and ``lines`` are of the usual case: the released parts from their cheapest approved sources.
    ``percent_min`` and ``percent_max`` are those of the worst and best choice of sources and alternates.
    While ``unpriced`` names a part no class is claimed.
    Amounts are rupees for one unit, as text.
    """

    subject: DesignedSubjectOut
    method: str
    denominator: str
    imported: str
    imported_min: str
    imported_max: str
    local: str
    percent: str
    percent_min: str
    percent_max: str
    grade: str = Field(alias="class", serialization_alias="class")
    class_min: str
    class_max: str
    cost: str
    cost_min: str
    cost_max: str
    parameters: dict[str, str]
    lines: list[DesignedLineOut]
    unproved: list[DesignedDoubtOut]
    choices: list[DesignedChoiceOut]
    unpriced: list[DesignedUnpricedOut]
    assumed: dict[str, Any]


def read_settings(pairs: list[str]) -> dict[str, str]:
    """Read parameters that are given as ``name=value``.

    Raises:
        Refused: ``method.parameter_form``.
    """
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip() or len(pair) > 200:
            raise refuse(
                "method.parameter_form",
                "{text} is no parameter.",
                "Write name=value, such as uncertified=origin.",
                text=pair[:60],
            )
        found[name.strip()] = value.strip()
    return found


class DesignedAsked(Schema):
    """What is to be valued: by which method, with which parameters (``name=value``), by prices of which day.

    ``volume`` is the number of units that parts are assumed to be bought for, ``gst_percent`` the tax that is
    assumed on purchases, ``market`` the country whose price of the product counts.
    """

    product: Word
    revision: Word
    method: Word = "PPP_MII"
    day: dt.date | None = None
    volume: Amount = VOLUME
    gst_percent: Amount = GST_PERCENT
    market: Word | None = None
    set: list[str] = Field(default=[], max_length=60)


@router.get(
    "", response={200: DesignedOut, **ERRORS}, by_alias=True, summary="Local value of a revision as designed"
)
def get_designed(request: HttpRequest, asked: Query[DesignedAsked]) -> object:
    """Value a revision by what its parts would cost and where they would come from on a day."""
    result = value_revision(
        asked.product,
        asked.revision,
        method=only_known(asked.method),
        chosen=read_settings(asked.set),
        day=asked.day or timezone.localdate(),
        volume=asked.volume,
        gst_percent=asked.gst_percent,
        market=(asked.market or "").upper(),
    )
    subject: dict[str, object] = {
        "product": asked.product,
        "revision": asked.revision,
        "market": asked.market or "",
    }
    return result.as_dict(subject)


def only_known(method: str) -> str:
    """Keep callers from the files of this machine: a method's file is for the command line."""
    return "".join(letter if letter.isalnum() or letter == "_" else "?" for letter in method)
