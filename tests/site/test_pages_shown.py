"""Every page, drawn in both languages on a workshop in which a phone was built."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.site.roles import ensure_roles

DAY = f"day={ws.DAY.date().isoformat()}"
HISTORY = (
    ws.FINISHED
    + """
    08:20  FIN-1   test U1                           route.step_repeated
    08:21  PACK-1  pack U1 into BOX1                 accepted
"""
)


@pytest.fixture
def client(rolled_back: None) -> Client:
    """Return an engineer's client; the workshop has built U1."""
    cache.clear()
    for line in ws.lines(HISTORY):
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        assert (outcome.refusal.code if outcome.refusal else "accepted") == line.outcome, line.text
    user = get_user_model().objects.create_user("meera", password="x")
    user.groups.set([ensure_roles()["engineer"]])
    browser = Client()
    browser.force_login(user)
    return browser


def text_of(client: Client, address: str, status: int = 200) -> str:
    """Return a page's text."""
    answer = client.get(address)
    assert answer.status_code == status, address
    return answer.content.decode()


PAGES = (
    "/",
    "/lines/",
    f"/lines/L-ASM/?{DAY}",
    f"/lines/L-SMT/live/?{DAY}",
    "/stations/",
    "/station/ASM-1/",
    "/units/",
    "/units/?state=packed&product=PHONE",
    "/units/?stuck=1&held=1&line=L-SMT",
    f"/units/?result=passed&line=L-ASM&{DAY}",
    f"/units/?result=failed&station=FIN-1&{DAY}",
    "/units/U1/",
    "/units/U1/graph/?toggle=root.0@SMT-1",
    "/units/P1/",
    "/units/BOX1/",
    f"/refusals/?{DAY}&line=L-ASM",
    "/recall/",
    "/recall/?lot=CAP-1",
    "/recall/?serial=B1",
    "/import/",
    "/search/?q=nothing",
)


@pytest.mark.parametrize("language", ["en", "hi"])
@pytest.mark.parametrize("address", PAGES)
def test_is_drawn(client: Client, address: str, language: str) -> None:
    client.cookies["django_language"] = language
    shown = text_of(client, address)
    if not address.endswith("root.0@SMT-1") and "/live/" not in address:
        assert f'<html lang="{language}">' in shown


class TestUnit:
    def test_says_exactly_or_as_a_set(self, client: Client) -> None:
        shown = text_of(client, "/units/B1/")
        assert "2 materials exactly known, 0 as a set" in shown
        assert "/recall/?lot=CAP-1" in shown

    def test_shows_refusals_in_its_history_in_hindi(self, client: Client) -> None:
        client.cookies["django_language"] = "hi"
        assert "यह चरण पहले ही पास कर चुकी है" in text_of(client, "/units/U1/")

    def test_that_is_unknown_is_a_page_that_says_so(self, client: Client) -> None:
        assert "No unit NIX was ever started here" in text_of(client, "/units/NIX/", 404)


class TestSearch:
    @pytest.mark.parametrize("text", ["U1", ws.imei(1), "02:00:00:00:00:01", "020000000001", "PH1"])
    def test_goes_straight_to_the_unit(self, client: Client, text: str) -> None:
        answer = client.get("/search/", {"q": text})
        assert (answer.status_code, answer["Location"]) == (302, "/units/U1/")

    def test_finds_lots(self, client: Client) -> None:
        assert "/recall/?lot=CAP-1" in text_of(client, "/search/?q=CAP-1")


class TestRecall:
    def test_counts_and_lists_as_csv(self, client: Client) -> None:
        assert "Units affected" in text_of(client, "/recall/?lot=CAP-1")
        rows = text_of(client, "/recall/list.csv?lot=CAP-1").splitlines()
        assert rows[0].startswith("serial,product")
        assert any(row.startswith("U1,PHONE") for row in rows)

    def test_of_what_was_never_received_says_what_to_do(self, client: Client) -> None:
        assert "was never received" in text_of(client, "/recall/?lot=NIX", 422)


class TestWrongAddresses:
    @pytest.mark.parametrize(
        ("address", "status"),
        [
            ("/lines/NIX/", 404),
            ("/station/NIX/", 404),
            ("/?day=yesterday", 404),
            ("/?day=0001-01-01", 404),
            ("/units/?line=NIX", 404),
            ("/units/?after=nonsense&step=99999999999999999999", 200),
            ("/refusals/?after=W10&code=%00", 200),
            ("/units/?result=passed&station=%00&hour=7", 200),
            ("/search/?q=%00", 200),
            ("/units/%00/", 404),
        ],
    )
    def test_are_answered_calmly(self, client: Client, address: str, status: int) -> None:
        text_of(client, address, status)


class TestImport:
    def test_refuses_what_is_no_bill_and_stores_only_what_was_previewed(self, client: Client) -> None:
        bill = b"Designator,Qty,MPN\nR1,1,ABC-1\nC1,1,ABC-2\n"
        form = {"product": "NEW", "revision": "A"}
        empty = client.post("/import/preview/", form)
        assert "bom.no_file" in empty.content.decode()
        shown = client.post("/import/preview/", {**form, "file": SimpleUploadedFile("a.csv", bill)})
        digest = shown.context["upload"].digest
        other = SimpleUploadedFile("a.csv", bill + b"U1,1,ABC-3\n")
        changed = client.post("/import/confirm/", {**form, "digest": digest, "file": other})
        assert "bom.not_previewed" in changed.content.decode()
        same = SimpleUploadedFile("a.csv", bill)
        stored = client.post("/import/confirm/", {**form, "digest": digest, "file": same})
        assert "Stored: NEW A" in stored.content.decode()

    def test_a_released_revision_is_refused(self, client: Client) -> None:
        bill = b"Designator,Qty,MPN\nR1,1,ABC-1\n"
        form = {"product": "PHONE", "revision": "A"}
        shown = client.post("/import/preview/", {**form, "file": SimpleUploadedFile("a.csv", bill)})
        form |= {"digest": shown.context["upload"].digest}
        answer = client.post("/import/confirm/", {**form, "file": SimpleUploadedFile("a.csv", bill)})
        assert "release.immutable" in answer.content.decode()


def test_a_scan_needs_no_script(client: Client) -> None:
    answer = client.post("/station/FIN-1/scan/", {"scan": "U1", "at": dt.datetime.now(dt.UTC).isoformat()})
    assert answer.status_code == 200
    assert 'data-verdict="refused"' in answer.content.decode()
