"""A change order walked through: one partner asks, the impact is shown, both sign, the line obeys."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from floor import workshop as ws
from floor.hub import PASSPHRASE, set_up_hub, user
from journeys.conftest import PASSWORD

PHONES = 3


@pytest.fixture(scope="module")
def hub(site: str) -> None:
    """Two partners with people, revision C in review with another battery and a tighter test, phones on A."""
    from karkhana.design.operations import create_revision, save_plan, submit_revision
    from karkhana.design.queries import stored_plan
    from karkhana.design.release import TestLimit
    from karkhana.partners.operations import add_member
    from karkhana.site.roles import ensure_roles

    set_up_hub()
    roles = ensure_roles()
    for name, party in (("alice", "ANANT"), ("arjun", "ANANT"), ("bela", "BINARY"), ("carl", "CAROL")):
        person = user(name)
        person.set_password(PASSWORD)
        person.save()
        person.groups.set([roles["partner"]])
        add_member(party=party, user=person)
    revision = create_revision(product_code="PHONE", revision_code="C", now=ws.DAY, copy_of=("PHONE", "A"))
    plan = stored_plan(revision)
    first, second, third, *rest = plan.steps
    battery = msgspec.structs.replace(first.key_parts[1], part="BAT-5000", alternates=())
    first = msgspec.structs.replace(first, key_parts=(first.key_parts[0], battery, *first.key_parts[2:]))
    third = msgspec.structs.replace(third, skill="RF", tests=(TestLimit("power", "dBm", low=None),))
    steps = (first, second, third, *rest)
    plan = msgspec.structs.replace(plan, steps=steps)
    save_plan(product_code="PHONE", revision_code="C", plan=plan)
    submit_revision(product_code="PHONE", revision_code="C", user=user("meera"), now=ws.DAY)


def test_two_partners_agree(
    open_as: Callable[..., Any], site: str, hub: None, happens: Callable[..., str]
) -> None:
    from playwright.sync_api import expect

    for number in range(PHONES):
        assert happens("ASM-1", f"start OLD{number} order WO-PHONE") == "accepted"
    today = dt.datetime.now(dt.UTC).astimezone(ZoneInfo("Asia/Kolkata")).date()

    # An engineer of one partner asks.
    alice = open_as("alice", "/design/changes/new/?product=PHONE")
    alice.select_option("[name=from_revision]", "A")
    alice.select_option("[name=to_revision]", "C")
    alice.fill("[name=title]", "Larger battery")
    alice.fill("[name=reason]", "The old cell ends.")
    alice.fill("[name=effective_on]", today.isoformat())
    alice.click("text=Ask, and show the impact")
    alice.wait_for_url(re.compile(r"/design/changes/CO-\d+/$"))
    story = alice.url.removeprefix(site)

    # What it changes and what it hits stands there before anybody signs.
    expect(alice.locator(".tiles")).to_contain_text(f"Units in process{PHONES}")
    expect(alice.locator(".change-bars")).to_contain_text("1 Assembly")
    expect(alice.get_by_role("row", name="WO-PHONE")).to_contain_text("1,000")
    expect(alice.locator("main")).to_contain_text("BAT-5000")
    expect(alice.locator("main")).to_contain_text("nobody holds it")
    expect(alice.locator("main")).to_contain_text("not known yet")

    # She asked, so she cannot sign: there is no form, and sending one all the same is refused.
    expect(alice.locator(".approve-form")).to_have_count(0)
    expect(alice.locator("main")).to_contain_text("alice asked for")
    sent = alice.request.post(
        f"{site}{story}approve/",
        form={
            "csrfmiddlewaretoken": alice.locator("[name=csrfmiddlewaretoken]").first.input_value(),
            "stated_hash": "0" * 64, "passphrase": PASSPHRASE, "decision": "approved",
        },
        headers={"Referer": f"{site}{story}"},
    )  # fmt: skip
    assert sent.status == 422
    assert "approval.stale" in sent.text()
    seen = alice.locator(".approvals h2 [title]").get_attribute("title")
    sent = alice.request.post(
        f"{site}{story}approve/",
        form={
            "csrfmiddlewaretoken": alice.locator("[name=csrfmiddlewaretoken]").first.input_value(),
            "stated_hash": seen, "passphrase": PASSPHRASE, "decision": "approved",
        },
        headers={"Referer": f"{site}{story}"},
    )  # fmt: skip
    assert "approval.own_request" in sent.text()

    # Somebody without a say reads it, since the agreement covers the product, but cannot sign.
    carl = open_as("carl", story)
    expect(carl.locator(".approvals")).to_contain_text("ANANT has not signed yet")
    expect(carl.locator(".approve-form")).to_have_count(0)

    # The first approver looks; meanwhile the change is edited: what they would sign is not what it says.
    arjun = open_as("arjun", story)
    alice.click("text=Edit what is asked for")
    alice.fill(".change-edit [name=title]", "Larger battery, same case")
    alice.click("text=Save, and show the impact")
    expect(alice.locator("h1")).to_contain_text("same case")
    arjun.fill("[name=passphrase]", PASSPHRASE)
    arjun.click("text=Approve for ANANT")
    expect(arjun.locator(".refusal")).to_contain_text("approval.stale")
    arjun.fill("[name=passphrase]", PASSPHRASE)
    arjun.click("text=Approve for ANANT")
    expect(arjun.locator(".approval-parties")).to_contain_text("BINARY has not signed yet")
    expect(arjun.locator(".approve-form")).to_have_count(0)
    assert happens("ASM-1", "start OLD7 order WO-PHONE") == "accepted"

    # The second partner signs: the wrong passphrase first.
    bela = open_as("bela", story)
    bela.fill("[name=passphrase]", "this is not it")
    bela.click("text=Approve for BINARY")
    expect(bela.locator(".refusal")).to_contain_text("approval.passphrase")
    bela.fill("[name=passphrase]", PASSPHRASE)
    bela.fill("[name=comment]", "Agreed")
    bela.click("text=Approve for BINARY")
    expect(bela.locator(".state.big")).to_have_text("in effect")
    expect(bela.locator(".change-history")).to_contain_text("PHONE:C")
    expect(bela.locator(".approvals tbody tr")).to_have_count(2)

    # The line obeys.
    from karkhana.floor.setup import ensure_setup, ensure_work_order

    ensure_setup(line="L-ASM", product="PHONE", revision="C")
    ensure_work_order(code="WO-PHONE-C", product="PHONE", revision="C", quantity=50)
    assert happens("ASM-1", "start OLD8 order WO-PHONE") == "revision.superseded"
    assert happens("ASM-1", "start NEW1 order WO-PHONE-C") == "accepted"

    # The old revision goes once nothing of it is in process.
    meera = open_as("meera", story)
    meera.click("text=Close: supersede the old revision")
    expect(meera.locator(".refusal")).to_contain_text("change.still_in_use")
    for number in (*range(PHONES), 7):
        assert happens("ASM-1", f"scrap OLD{number}") == "accepted"
    meera.click("text=Close: supersede the old revision")
    expect(meera.locator(".state.big")).to_have_text("closed")
    meera.goto("/design/changes/?state=all")
    expect(meera.locator("main")).to_contain_text("Larger battery, same case")
