"""A product walks its gates in the browser: ordered, built, inspected, signed by the partner, passed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from floor import stage_builds as sb
from journeys.conftest import PASSWORD
from karkhana.floor.models import WorkOrder

PHRASE = "a passphrase of some length"


@pytest.fixture
def partner(site: str) -> str:
    """Two parties develop the product together; kenji signs stage gates for one of them."""
    from django.contrib.auth import get_user_model

    from karkhana.partners.operations import enroll_signatory, ensure_agreement, ensure_party
    from karkhana.site.roles import ensure_roles

    for code, kind in (("MAKER", "maker"), ("HUB-P", "partner")):
        ensure_party(code=code, name=code, kind=kind)
    ensure_agreement(code="JV", title="Joint hub", kind="alliance", starts_on=dt.date(2025, 1, 1),
                     ends_on=None, parties={"MAKER": [], "HUB-P": ["stage_gate"]})  # fmt: skip
    sb.set_up_nova(agreement="JV")
    user = get_user_model().objects.create_user("kenji", password=PASSWORD)
    user.groups.set([ensure_roles()["partner"]])
    enroll_signatory(party="HUB-P", name="Kenji", now=dt.datetime.now(dt.UTC), user=user, passphrase=PHRASE)
    return "kenji"


def order_build(page: Any, stage: str, code: str, units: int) -> None:
    """Order a build from the product's own page."""
    page.goto(f"/design/stages/NOVA/?stage={stage}")
    page.click(f"text=Order a build for {stage}")
    page.fill("[name=code]", code)
    page.fill("[name=quantity]", str(units))
    page.click("text=Make the work order")
    page.wait_for_url(f"**/orders/{code}/")


def walk(engineer: Any, signer: Any, stage: str) -> None:
    """Ask for the gate, have the partner sign it, pass it."""
    engineer.goto(f"/design/stages/NOVA/?stage={stage}")
    engineer.click(f"text=Ask for the {stage} gate")
    engineer.wait_for_selector("text=has not signed yet")
    signer.goto(f"/design/stages/NOVA/?stage={stage}")
    signer.fill("[name=passphrase]", PHRASE)
    signer.click("text=Approve for HUB-P")
    signer.wait_for_selector("text=✓ valid")
    engineer.reload()
    engineer.click(f"text=Pass {stage}")
    engineer.wait_for_selector(f".gates .is-passed >> text={stage}")


def test_from_the_first_order_to_mass_production(open_as: Callable[..., Any], partner: str) -> None:
    engineer = open_as("meera", "/design/stages/")
    signer = open_as_partner(open_as, partner)
    row = engineer.locator("tr", has_text="NOVA")
    assert "0/20" in row.inner_text()

    order_build(engineer, "EVT", "N-EVT", 25)
    assert sb.build("N-EVT", 18, failing=2) == []
    engineer.goto("/design/stages/")
    assert "20/20" in row.inner_text()
    walk(engineer, signer, "EVT")

    order_build(engineer, "DVT", "N-DVT", 60)
    assert sb.build("N-DVT", 50) == []
    engineer.goto("/design/stages/NOVA/?stage=DVT")
    engineer.click("text=Ask for the DVT gate")
    assert "First article accepted 0" in engineer.inner_text(".refusal")
    engineer.goto("/design/stages/NOVA/?stage=DVT")
    engineer.fill("form[action*=first-article] [name=serial]", "N-DVT-0001")
    engineer.click("form[action*=first-article] button")
    engineer.fill("[name=reason]", "First of the tools")
    assert engineer.input_value("[name=measured] >> nth=0") == "12.5"
    for name, value in (("name", "Gap"), ("low", "0.05"), ("high", "0.15"), ("measured", "0.11")):
        engineer.fill(f"[name={name}] >> nth=1", value)
    engineer.click("text=Record the inspection")
    engineer.wait_for_selector("text=✓ accepted")
    walk(engineer, signer, "DVT")

    order_build(engineer, "PVT", "N-PVT", 200)
    assert sb.build("N-PVT", 200) == []
    sb.first_article("N-PVT-0007")
    engineer.goto("/orders/new/?product=NOVA&revision=A&stage=MP")
    engineer.fill("[name=code]", "N-MP")
    engineer.fill("[name=quantity]", "5000")
    engineer.click("text=Make the work order")
    assert "not through PVT" in engineer.inner_text(".refusal")
    assert not WorkOrder.objects.filter(code="N-MP").exists()
    walk(engineer, signer, "PVT")
    order_mass_production(engineer)
    assert sb.build("N-MP", 1) == []

    engineer.goto("/design/stages/NOVA/?stage=PVT")
    engineer.click("text=Revoke PVT")
    engineer.fill("form[action*=revoke] [name=reason]", "Batteries swell")
    engineer.click("form[action*=revoke] button")
    engineer.wait_for_selector(".gates .is-revoked")
    assert sb.build("N-MP", 1, first=2)[0] == "work_order.stage"
    engineer.goto("/orders/N-MP/")
    assert "not through PVT" in engineer.inner_text(".card.alarm")


def order_mass_production(page: Any) -> None:
    page.goto("/design/stages/NOVA/?stage=MP")
    page.click("text=Order mass production")
    page.fill("[name=code]", "N-MP")
    page.fill("[name=quantity]", "5000")
    page.click("text=Make the work order")
    page.wait_for_url("**/orders/N-MP/")


def open_as_partner(open_as: Callable[..., Any], name: str) -> Any:
    """Somebody of a partner begins in the design hub, not on the floor."""
    return open_as(name, "/design/stages/")
