"""A joint hub for tests: two partners who must both approve, their signatories, a draft to change to."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth import get_user_model

from floor import workshop as ws
from karkhana.design.operations import create_revision, set_agreement, submit_revision
from karkhana.partners.operations import enroll_signatory, ensure_agreement, ensure_party

PASSPHRASE = "seven blue lamps"
PEOPLE = {"alice": "ANANT", "arjun": "ANANT", "bela": "BINARY", "carl": "CAROL"}
"""Log-in to party. CAROL has no say."""


def user(name: str) -> Any:
    """Return a log-in, made when it is not there."""
    return get_user_model().objects.get_or_create(username=name)[0]


def set_up_hub(*, approves: tuple[str, ...] = ("revision", "change_order", "deviation")) -> None:
    """Let ANANT and BINARY develop the phone together: each must approve."""
    for code, kind in (("ANANT", "maker"), ("BINARY", "partner"), ("CAROL", "supplier")):
        ensure_party(code=code, name=code.title(), kind=kind)
    ensure_agreement(
        code="HUB", title="Joint hub", kind="alliance", starts_on=dt.date(2026, 1, 1), ends_on=None,
        parties={"ANANT": approves, "BINARY": approves, "CAROL": ()},
    )  # fmt: skip
    set_agreement(code="PHONE", agreement="HUB", design_owner="joint")
    for name, party in PEOPLE.items():
        enroll_signatory(party=party, name=name.title(), user=user(name), passphrase=PASSPHRASE, now=ws.DAY)


def draft(code: str = "C", *, product: str = "PHONE", submitted_by: str | None = "dev") -> None:
    """Draft a revision like A, and put it into review unless nobody does."""
    create_revision(product_code=product, revision_code=code, now=ws.DAY, copy_of=(product, "A"))
    if submitted_by:
        submit_revision(product_code=product, revision_code=code, user=user(submitted_by), now=ws.DAY)
