"""The station screen, scan by scan, without a browser: what a scan means at which step."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.people.operations import ensure_certificate
from karkhana.site.roles import ensure_roles


class Worker:
    """Somebody at a station: sends scans and keeps what the form carries from one to the next."""

    def __init__(self, client: Client, station: str) -> None:
        self.client, self.station = client, station
        self.context = ""
        self.shown = ""
        if station == "ASM-1":
            self.scan("CMD:OPERATOR:OP-NEW")

    def scan(self, text: str, **form: str) -> str:
        """Scan, and return the verdict, the unit and the code of a refusal as the screen says them."""
        form = {"scan": text, "event_id": str(uuid.uuid4()), "context": self.context, **form}
        form.setdefault("at", dt.datetime.now(dt.UTC).isoformat())
        answer = self.client.post(f"/station/{self.station}/scan/", form, headers={"X-Station": "1"})
        assert answer.status_code == 200
        self.shown = unescape(answer.content.decode())
        self.context = re.search(r'name="context" value="(.*?)">\n', self.shown)[1]  # type: ignore[index]
        found = re.search(r'data-verdict="(.*?)" data-unit="(.*?)" data-code="(.*?)"', self.shown)
        assert found is not None
        return " ".join(part for part in found.groups() if part)


@pytest.fixture
def client(rolled_back: None) -> Client:
    """Return an operator's client; the workshop has a phone ready for assembly and a panel to split."""
    for line in ws.lines(ws.PHONE_BORN + """
        08:30  SMT-1   start P2 order WO-MAIN x4  accepted
        08:31  SMT-1   process P2                 accepted
        08:32  AOI-1   inspect P2                 accepted
        08:40  FIN-1   start T1 order WO-TABLET   accepted
        08:41  FIN-1   test T1 failed             accepted
    """):  # fmt: skip
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        assert outcome.refusal is None, line.text
    today = dt.datetime.now(dt.UTC).date()
    ensure_certificate(operator="OP-NEW", skill="ASSEMBLY", valid_from=today - dt.timedelta(days=2),
                       valid_to=today + dt.timedelta(days=9), today=today)  # fmt: skip
    user = get_user_model().objects.create_user("asha", password="x")
    user.groups.set([ensure_roles()["operator"]])
    browser = Client()
    browser.force_login(user)
    return browser


def events_of(subject: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT type FROM ledger_event WHERE subject = %s ORDER BY seq", [subject])
        return [row[0] for row in cursor.fetchall()]


class TestKeyParts:
    def test_are_asked_for_by_role_and_bound_one_by_one(self, client: Client) -> None:
        worker = Worker(client, "ASM-1")
        assert worker.scan("U1") == "next U1"
        assert worker.scan("B3") == "refused U1 keypart.not_passed"
        assert worker.scan("B1") == "next U1"
        assert "battery" in worker.shown
        assert worker.scan("BAT-B|b77") == "next U1", "an alternate part named by its label"
        assert worker.scan("GLUE-1") == "pass U1"
        assert events_of("U1")[-4:] == ["MaterialsInstalled"] * 4

    def test_that_are_in_are_not_asked_for_again(self, client: Client) -> None:
        worker = Worker(client, "ASM-1")
        worker.scan("U1")
        worker.scan("B1")
        worker.scan("CMD:CANCEL")
        assert worker.scan("U1") == "next U1"
        assert "battery" in worker.shown


class TestPersonalisation:
    def test_collects_what_belongs_into_one_event(self, client: Client) -> None:
        worker = Worker(client, "ASM-1")
        for text in ("U1", "B1", "b1", "GLUE-1"):
            last = worker.scan(text)
        assert last == "pass U1"
        worker = Worker(client, "PER-1")
        assert worker.scan("U1") == "next U1"
        for text in (ws.imei(7), "02:00:00:00:00:07", "PH7"):
            assert worker.scan(text) == "next U1"
        assert worker.scan(f"1.0|{ws.SHA}") == "pass U1"
        assert Worker(client, "FIN-1").scan(ws.imei(7)) == "pass U1", "found by its identity from now on"

    def test_asks_again_from_the_start_when_a_value_is_wrong(self, client: Client) -> None:
        worker = Worker(client, "ASM-1")
        for text in ("U1", "B1", "b1", "GLUE-1"):
            worker.scan(text)
        worker = Worker(client, "PER-1")
        for text in ("U1", "123456789012345", "02:00:00:00:00:07", "PH7"):
            worker.scan(text)
        assert worker.scan(f"1.0|{ws.SHA}") == "refused U1 identity.malformed"
        assert "imei" in worker.shown


class TestPanels:
    def test_are_split_into_the_boards_scanned(self, client: Client) -> None:
        worker = Worker(client, "DEP-1")
        assert worker.scan("P2") == "next P2"
        for text in ("C1", "C2", "C3"):
            assert worker.scan(text) == "next P2"
        assert worker.scan("C4") == "pass P2"
        assert Worker(client, "ICT-1").scan("C4") == "pass C4"


class TestRepair:
    def test_says_what_was_done(self, client: Client) -> None:
        worker = Worker(client, "REPAIR-1")
        assert worker.scan("T1") == "next T1"
        assert worker.scan("whatever") == "note T1"
        assert worker.scan("CMD:REPAIR:RESOLDER:COLD JOINT") == "pass T1"
        assert Worker(client, "FIN-1").scan("T1") == "pass T1"

    def test_of_what_has_not_failed_is_refused(self, client: Client) -> None:
        assert Worker(client, "REPAIR-1").scan("U1") == "refused U1 repair.not_failed"

    def test_may_end_as_scrap(self, client: Client) -> None:
        worker = Worker(client, "REPAIR-1")
        worker.scan("T1")
        assert worker.scan("CMD:SCRAP:BURNT") == "failed T1"
        assert Worker(client, "FIN-1").scan("T1") == "refused T1 unit.scrapped"


class TestCommands:
    def test_start_units_under_a_work_order(self, client: Client) -> None:
        worker = Worker(client, "FIN-1")
        assert worker.scan("NEW-1") == "refused NEW-1 unit.unknown"
        worker.scan("CMD:ORDER:WO-TABLET")
        assert worker.scan("NEW-1") == "pass NEW-1"
        worker.scan("CMD:ORDER:WO-NIX")
        assert worker.scan("NEW-2") == "refused NEW-2 work_order.unknown"

    @pytest.mark.parametrize("text", ["CMD:", "CMD:NONSENSE", "CMD:LEVEL:crate", "CMD:OPERATOR:" + "x" * 81])
    def test_that_are_unknown_change_nothing(self, client: Client, text: str) -> None:
        worker = Worker(client, "FIN-1")
        assert worker.scan(text) == "note"

    def test_refuse_an_operator_without_a_certificate(self, client: Client) -> None:
        worker = Worker(client, "ASM-1")
        worker.scan("CMD:OPERATOR:")
        assert worker.scan("U1") == "refused U1 operator.unknown"


class TestSentTwice:
    def test_is_recorded_once_and_answered_as_the_first_time(self, client: Client) -> None:
        worker = Worker(client, "FIN-1")
        worker.scan("CMD:ORDER:WO-TABLET")
        form = {
            "event_id": str(uuid.uuid4()),
            "at": dt.datetime.now(dt.UTC).isoformat(),
            "context": worker.context,
        }
        assert worker.scan("NEW-9", **form) == "pass NEW-9"
        assert worker.scan("NEW-9", **form) == "pass NEW-9"
        assert events_of("NEW-9") == ["UnitsInitialized", "UnitsTested"]

    def test_a_refusal_stays_a_refusal(self, client: Client) -> None:
        form = {"event_id": str(uuid.uuid4()), "at": dt.datetime.now(dt.UTC).isoformat()}
        worker = Worker(client, "FIN-1")
        for _ in range(2):
            assert worker.scan("NIX", **form) == "refused NIX unit.unknown"
        assert events_of("NIX") == ["UnitsArrived"]


class TestNonsense:
    @pytest.mark.parametrize("text", ["", "   ", "a\x00b", "a\tb", "x" * 2001])
    def test_cannot_be_read(self, client: Client, text: str) -> None:
        assert Worker(client, "FIN-1").scan(text) == "note"

    def test_a_label_that_is_too_long_is_refused_in_words(self, client: Client) -> None:
        assert Worker(client, "FIN-1").scan("x" * 90).endswith("event.malformed")

    @pytest.mark.parametrize("context", ["{", "[]", '{"unit": 7}', '{"unknown": 1}', "[" * 5000])
    def test_a_broken_form_begins_anew(self, client: Client, context: str) -> None:
        worker = Worker(client, "FIN-1")
        assert worker.scan("T1", context=context) == "refused T1 unit.failed"

    def test_a_clock_that_runs_ahead_is_not_believed(self, client: Client) -> None:
        worker = Worker(client, "FIN-1")
        worker.scan("CMD:ORDER:WO-TABLET")
        assert worker.scan("NEW-3", at="2199-01-01T00:00:00+00:00", event_id="no uuid") == "pass NEW-3"
