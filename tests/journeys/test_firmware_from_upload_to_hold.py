"""Firmware in the browser: registered, signed by both partners, written, withdrawn, held where it stands."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from floor import workshop as ws
from journeys.conftest import PASSWORD, Open

Happens = Callable[..., str]
SIGNERS = {"MAKER": "mei", "PARTNER": "li"}


@pytest.fixture
def partners(site: str) -> None:
    """Both partners approve PHONE's firmware, each with somebody who signs."""
    from django.contrib.auth import get_user_model

    from karkhana.design.operations import set_agreement
    from karkhana.partners.operations import add_member, enroll_signatory, ensure_agreement, ensure_party
    from karkhana.site.roles import ensure_roles

    now = dt.datetime.now(dt.UTC)
    for code, kind in (("MAKER", "maker"), ("PARTNER", "partner")):
        ensure_party(code=code, name=code.title(), kind=kind)
        user = get_user_model().objects.create_user(SIGNERS[code], password=PASSWORD)
        user.groups.set([ensure_roles()["partner"]])
        add_member(party=code, user=user)
        enroll_signatory(party=code, name=code.title(), now=now, user=user, passphrase=f"{code} opens")
    ensure_agreement(
        code="HUB", title="Joint hub", kind="alliance", starts_on=now.date(), ends_on=None,
        parties={"MAKER": ["firmware"], "PARTNER": ["firmware"]},
    )  # fmt: skip
    set_agreement(code="PHONE", agreement="HUB", design_owner="joint")


def assembled(happens: Happens) -> None:
    """Bring two phones to their personalisation."""
    for lot, part in (("CAP-1", "CAP"), ("RES-1", "RES"), ("GLUE-1", "GLUE")):
        happens("DOCK-1", f"receive {lot} {part} 100 SUP")
    happens("SMT-1", "load CAP-1 CAP on F1")
    happens("SMT-1", "load RES-1 RES on F2")
    happens("SMT-1", "start P1 order WO-MAIN x4")
    happens("SMT-1", "process P1")
    happens("AOI-1", "inspect P1")
    happens("DEP-1", "split P1 into B1=1 B2=2 B3=3 B4=4")
    for n in (1, 2):
        happens("ICT-1", f"test B{n}")
        happens("ASM-1", f"start U{n} order WO-PHONE")
        assert (
            happens("ASM-1", f"install U{n} board=PCBA:B{n} battery=BAT:b{n} glue=GLUE::GLUE-1") == "accepted"
        )


def write(happens: Happens, n: int) -> str:
    return happens("PER-1", f"write U{n} imei={ws.imei(n)} mac=02:00:00:00:00:0{n} label=PH{n} fw=1.0")


def test_from_upload_to_hold(partners: None, open_as: Open, happens: Happens, tmp_path: Any) -> None:
    from playwright.sync_api import expect

    assembled(happens)
    page = open_as("meera", "/design/firmware/new/")
    file = tmp_path / "main-1.1.bin"
    file.write_bytes(b"the next version")
    card = page.locator("form.import-card").first
    card.locator("[name=file]").set_input_files(str(file))
    expect(card.locator("[data-drop-hash]")).to_contain_text(hashlib.sha256(b"the next version").hexdigest())
    for name, value in (("product", "PHONE"), ("target", "main"), ("version", "1.1"), ("markets", "IN")):
        card.locator(f"[name={name}]").fill(value)
    card.locator("button.primary").click()
    expect(page.locator("main")).to_contain_text("PHONE main=1.1 is registered.")

    # What the phones are released with is kept elsewhere, so that only its hash is registered.
    page.goto("/design/firmware/new/?product=PHONE")
    card = page.locator("form.import-card").first
    card.locator("summary").click()
    for name, value in (("target", "main"), ("version", "1.0"), ("sha256", ws.SHA), ("size", "734003200"),
                        ("location", "https://build.example/phone/1.0")):  # fmt: skip
        card.locator(f"[name={name}]").fill(value)
    card.locator("button.primary").click()
    page.wait_for_url("**/design/firmware/*/")
    address = "/" + page.url.split("/", 3)[3]
    assert write(happens, 1) == "firmware.not_approved"

    for party, name in SIGNERS.items():
        theirs = open_as(name, address)
        expect(theirs.locator("section.withdraw")).to_have_count(0)
        theirs.fill("[name=passphrase]", f"{party} opens")
        theirs.click("button:has-text('Approve for')")
        expect(theirs.locator("#approvals tbody")).to_contain_text(party)
    expect(theirs.locator(".head .state")).to_have_text("approved")
    assert write(happens, 1) == "accepted"

    page.goto(address)
    expect(page.locator(".tiles dd").nth(1)).to_have_text("1")
    page.click("section.withdraw summary")
    page.fill("[name=reason]", "The radio reboots")
    page.click("button:has-text('Withdraw')")
    expect(page.locator(".card.alarm")).to_contain_text("The radio reboots")
    assert write(happens, 2) == "firmware.withdrawn"
    assert happens("FIN-1", "test U1") == "firmware.held"
    page.click("#units a:has-text('U1')")
    expect(page.locator(".head")).to_contain_text("on hold")
    expect(page.locator(".card.alarm")).to_contain_text("The radio reboots")
