"""An operator works at a station with the scanner alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

SCREEN = "[data-verdict]"


def scan(page: Any, text: str) -> dict[str, str]:
    """Type like a keyboard-wedge scanner: into whatever has the focus. Return what the screen then shows."""
    before = page.locator("[data-recent] li").count()
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.locator("[data-recent] li")).to_have_count(before + 1)
    screen = page.locator(SCREEN)
    return {
        "verdict": screen.get_attribute("data-verdict"),
        "unit": screen.get_attribute("data-unit"),
        "code": screen.get_attribute("data-code"),
        "text": screen.inner_text(),
    }


class TestOneScanStation:
    def test_passes_a_unit_and_refuses_it_the_second_time_in_hindi(
        self, open_as: Callable[..., Any], happens: Callable[..., str]
    ) -> None:
        assert happens("FIN-1", "start T-001 under WO-TABLET") == "accepted"
        page = open_as("asha", "/station/FIN-1/")
        shown = scan(page, "T-001")
        assert (shown["verdict"], shown["unit"]) == ("pass", "T-001")
        assert "PASS" in shown["text"]
        assert "पास" in shown["text"], "both languages stand on the screen"

        assert scan(page, "CMD:HI")["verdict"] == "note"
        again = scan(page, "T-001")
        assert (again["verdict"], again["code"]) == ("refused", "route.step_repeated")
        assert "अस्वीकृत" in again["text"]
        assert "T-001 यह चरण पहले ही पास कर चुकी है।" in again["text"]
        assert page.locator("html").get_attribute("lang") == "hi"

    def test_keeps_the_focus_in_the_field(self, open_as: Callable[..., Any]) -> None:
        page = open_as("asha", "/station/FIN-1/")
        page.mouse.click(300, 400)
        page.keyboard.press("Tab")
        expect(page.locator("#scan")).to_be_focused()

    def test_fails_a_unit_by_command(self, open_as: Callable[..., Any], happens: Callable[..., str]) -> None:
        happens("FIN-1", "start T-002 under WO-TABLET")
        page = open_as("asha", "/station/FIN-1/")
        scan(page, "CMD:FAIL:DEAD-PIXEL")
        shown = scan(page, "T-002")
        assert (shown["verdict"], shown["unit"]) == ("failed", "T-002")
        assert happens("FIN-1", "test T-002") == "unit.failed"

    def test_sends_a_scan_again_when_the_network_fails_and_records_it_once(
        self, open_as: Callable[..., Any], happens: Callable[..., str]
    ) -> None:
        from django.db import connection

        happens("FIN-1", "start T-003 under WO-TABLET")
        page = open_as("asha", "/station/FIN-1/")
        sent = []

        def lose_the_first_answer(route: Any) -> None:
            sent.append(route.request.post_data)
            if len(sent) == 1:
                route.fetch()  # it arrives, but the answer is lost on the way back
                route.abort()
            else:
                route.continue_()

        page.route("**/scan/", lose_the_first_answer)
        page.keyboard.type("T-003")
        page.keyboard.press("Enter")
        page.wait_for_selector("[data-verdict=pass]")
        assert len(sent) == 2
        with connection.cursor() as cursor:
            cursor.execute("SELECT type, refusal FROM ledger_event WHERE subject = 'T-003' ORDER BY seq")
            assert cursor.fetchall() == [("UnitsInitialized", None), ("UnitsTested", None)]


class TestKeyParts:
    def test_asks_for_each_part_and_refuses_a_wrong_one_at_once(
        self, open_as: Callable[..., Any], happens: Callable[..., str]
    ) -> None:
        assert happens("ASM-1", "receive L-GLUE GLUE 10 SUP") == "accepted"
        assert happens("ASM-1", "start PH-001 under WO-PHONE") == "accepted"
        page = open_as("asha", "/station/ASM-1/")
        scan(page, "CMD:OPERATOR:OP-NEW")
        shown = scan(page, "PH-001")
        assert shown["verdict"] == "next"
        assert "board" in shown["text"]
        wrong = scan(page, "NONSENSE|X1")
        assert (wrong["verdict"], wrong["code"]) == ("refused", "keypart.wrong_part")
        assert "board" in wrong["text"], "the right part is asked for again"


class TestPacking:
    def test_fills_a_box(self, open_as: Callable[..., Any], happens: Callable[..., str]) -> None:
        for serial in ("T-011", "T-012"):
            happens("FIN-1", f"start {serial} under WO-TABLET")
            happens("FIN-1", f"test {serial}")
        page = open_as("asha", "/station/PACK-1/")
        assert scan(page, "T-011")["verdict"] == "note", "the box comes first"
        assert scan(page, "BOX-1")["verdict"] == "next"
        assert scan(page, "T-011")["verdict"] == "pass"
        full = scan(page, "T-012")
        assert full["verdict"] == "pass"
        assert "BOX-1: 2 / 2" in full["text"]
