"""Making work orders."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.db import transaction

from karkhana.design.models import Product, Revision
from karkhana.design.models.product import OBSOLETE, SUPERSEDED
from karkhana.design.queries import find_revision
from karkhana.design.release import decode_package
from karkhana.design.stages.operations import check_date, check_stage, locked_product
from karkhana.design.stages.queries import criteria_of, missing_gate
from karkhana.design.stages.rules import Finding, judge, unmet
from karkhana.floor.models import WorkOrder
from karkhana.floor.stages.evidence import evidence_of, revision_at
from karkhana.floor.stages.words import say_finding
from karkhana.kernel.refusals import refuse

QUANTITY_MAX = 100_000_000
_MARKET = re.compile(r"[A-Z]{2}")


@transaction.atomic
def create_work_order(
    *,
    code: str,
    product: str,
    revision: str,
    quantity: int,
    stage: str,
    now: dt.datetime,
    market: str = "IN",
    due_on: dt.date | None = None,
    user: Any = None,
) -> WorkOrder:
    """Make a work order over a released revision.

    Args:
        stage: what the build is for; the product must be through the gates of all stages before it.
        market: ISO 3166-1 alpha-2 code of the country that the units go to.
        due_on: plant-local day on which it is to be finished, None when nobody says.

    Raises:
        Refused: ``order.code``, ``order.code_taken``, ``order.quantity``, ``order.market``,
            ``order.not_released``, ``order.superseded``, ``order.stage_not_reached``, ``stage.unknown``,
            ``stage.date``, ``product.unknown``, ``revision.unknown``.
    """
    _check_code(code)
    check_stage(stage)
    check_date(due_on, now)
    if not 0 < quantity <= QUANTITY_MAX:
        raise refuse(
            "order.quantity",
            "{quantity} units cannot be ordered.",
            "Order 1 to {limit}.",
            quantity=str(quantity)[:20],
            limit=QUANTITY_MAX,
        )
    owner = locked_product(product)
    found = find_revision(product, revision)
    _check_revision(found)
    _check_market(found, market)
    require_stage(owner, stage)
    order, made = WorkOrder.objects.get_or_create(
        code=code,
        defaults={
            "revision": found,
            "quantity": quantity,
            "stage": stage,
            "market": market,
            "due_on": due_on,
            "created_at": now,
            "created_by": user,
        },
    )
    if not made:
        raise refuse(
            "order.code_taken",
            "There is a work order {work_order} already.",
            "Use another number.",
            work_order=code,
        )
    return order


def _check_code(code: str) -> None:
    if 0 < len(code) <= 40 and code == code.strip() and code.isprintable():
        return
    raise refuse(
        "order.code",
        "{value} is no work order number.",
        "Use 1 to 40 printable characters without blanks around them.",
        value=repr(code[:60]),
    )


def _check_revision(revision: Revision) -> None:
    here = {"product": revision.product.code, "revision": revision.code}
    if revision.package is None:
        raise refuse(
            "order.not_released",
            "{product} {revision} is not released, so it cannot be built.",
            "Release it first.",
            **here,
        )
    if revision.state in (SUPERSEDED, OBSOLETE):
        raise refuse(
            "order.superseded",
            "{product} {revision} is {state}.",
            "Order the revision that took its place.",
            **here,
            state=revision.state,
        )


def _check_market(revision: Revision, market: str) -> None:
    markets = decode_package(revision.package or "").markets
    if _MARKET.fullmatch(market) and (not markets or market in markets):
        return
    raise refuse(
        "order.market",
        "{product} {revision} is not released for market {market}.",
        "Choose {markets}.",
        product=revision.product.code,
        revision=revision.code,
        market=repr(market[:20]),
        markets=", ".join(markets) or "the two capital letters of a country",
    )


def require_stage(product: Product, stage: str) -> None:
    """Refuse to build a product at a stage that it has not reached, and say what its next gate lacks.

    Raises:
        Refused: ``order.stage_not_reached``.
    """
    missing = missing_gate(product.pk, stage)
    if missing is None:
        return
    revision = revision_at(product, missing)
    lacking: tuple[Finding, ...] = ()
    if revision is not None:
        criteria = criteria_of(product, missing)
        lacking = unmet(judge(criteria, evidence_of(revision, missing, criteria)))
    raise refuse(
        "order.stage_not_reached",
        "{product} cannot be built for {stage}: it is not through {missing}. {lacking}",
        "Order a build for {missing}, show what is missing and pass its gate.",
        product=product.code,
        stage=stage,
        missing=missing,
        lacking="; ".join(say_finding(finding) for finding in lacking)
        or "All that it asks for is there; the gate has not been passed.",
        criteria=[finding.key for finding in lacking],
    )
