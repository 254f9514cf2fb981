"""A small design office for tests: two partners, a brand, people who sign, and a board to design."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.contrib.auth import get_user_model

from karkhana.design import operations as design
from karkhana.design.models import Revision
from karkhana.design.plan import Plan, PlanStep
from karkhana.design.queries import find_revision
from karkhana.design.release import BomItem, Source
from karkhana.kernel.refusals import Refused
from karkhana.partners.models import Signatory
from karkhana.partners.operations import enroll_signatory, ensure_agreement, ensure_brand, ensure_party

NOW = dt.datetime(2026, 6, 15, 9, 0, tzinfo=dt.UTC)
PASSPHRASE = "correct horse battery"

PLAN = Plan(
    steps=(
        PlanStep(10, "Place", "SMT", "UnitsProcessed", materials="placement"),
        PlanStep(20, "Look", "AOI", "UnitsInspected", reentry=10),
        PlanStep(30, "Assemble", "ASM", "UnitsProcessed", materials="assembly"),
    )
)


def item(number: int, part: str, *references: str, **changes: Any) -> BomItem:
    """Return a line of a bill; without designators it is one piece of something mechanical."""
    quantity = Decimal(len(references) or 1)
    return msgspec.structs.replace(
        BomItem(number=number, part=part, quantity=quantity, references=references), **changes
    )


ITEMS = (item(1, "CAP", "C1", "C2", alternates=(Source("Murata", "CAP-2"),)), item(2, "MCU", "U1"))


def person(name: str) -> Any:
    """Return a log-in."""
    return get_user_model().objects.get_or_create(username=name)[0]


def product(code: str = "BOARD", *, brand: str = "ACME", agreement: str | None = None, owner: str = "maker",
            segment: str = "iot") -> str:  # fmt: skip
    """Make sure that a product is there."""
    ensure_brand(code=brand, name=brand.title())
    design.ensure_product(code=code, name=code, brand=brand, segment=segment)
    design.set_agreement(code=code, agreement=agreement, design_owner=owner)
    return code


def alliance(ends_on: dt.date | None = None, *, own_allowed: bool = False) -> str:
    """Make an agreement of two partners who both approve revisions, each with somebody who signs."""
    for code, kind in (("MAKER", "maker"), ("PARTNER", "partner")):
        ensure_party(code=code, name=code.title(), kind=kind)
    ensure_agreement(
        code="HUB", title="Joint hub", kind="alliance", starts_on=dt.date(2025, 1, 1), ends_on=ends_on,
        parties={"MAKER": ["revision"], "PARTNER": ["revision"]}, own_allowed=own_allowed,
    )  # fmt: skip
    for party, name in (("MAKER", "asha"), ("PARTNER", "li")):
        signer(party, name)
    return "HUB"


def signer(party: str, name: str) -> Signatory:
    """Let somebody sign for a party; the same again is the same."""
    known = Signatory.objects.filter(party__code=party, user__username=name, revoked_at=None).first()
    return known or enroll_signatory(
        party=party, name=name.title(), now=NOW, user=person(name), passphrase=PASSPHRASE
    )


def draft(
    code: str = "BOARD", revision: str = "A", items: Sequence[BomItem] = ITEMS, plan: Plan = PLAN, **more: Any
) -> Revision:
    """Begin a revision with a plan and a bill."""
    design.create_revision(product_code=code, revision_code=revision, now=NOW, plan=plan, **more)
    for line in items:
        design.save_line(product_code=code, revision_code=revision, item=line)
    return find_revision(code, revision)


def submitted(code: str = "BOARD", revision: str = "A", by: str = "ravi", **more: Any) -> Revision:
    """Put a new revision into review."""
    draft(code, revision, **more)
    return design.submit_revision(product_code=code, revision_code=revision, user=person(by), now=NOW)


def released(code: str = "BOARD", revision: str = "A", **more: Any) -> Revision:
    """Release a new revision of a product that nobody else has a say in."""
    submitted(code, revision, **more)
    return design.release_reviewed(product_code=code, revision_code=revision, now=NOW)


def approve(name: str, code: str = "BOARD", revision: str = "A", **changes: Any) -> Any:
    """Have somebody approve a revision in review."""
    found = find_revision(code, revision)
    return design.approve_revision(
        product_code=code, revision_code=revision, user=person(name),
        **{"stated_hash": found.review_hash or "", "passphrase": PASSPHRASE, "now": NOW} | changes,
    )  # fmt: skip


@contextmanager
def refused(code: str) -> Iterator[dict[str, str]]:
    """Expect a refusal; afterwards the mapping has its sentence and its fields."""
    said: dict[str, Any] = {}
    with pytest.raises(Refused) as caught:
        yield said
    refusal = caught.value.refusal
    assert refusal.code == code, refusal.message
    said |= {**dict(refusal.fields), "message": refusal.message}
