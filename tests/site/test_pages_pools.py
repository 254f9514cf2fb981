"""The pools' pages and API: who may do what, that nothing is half done, and that bad input is answered."""

from __future__ import annotations

import datetime as dt
import json
from html import unescape
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from floor import workshop as ws
from karkhana.floor.models import Pool, PoolAllotment, PoolRange
from karkhana.floor.operations import record_events
from karkhana.floor.pools import counts, queries
from karkhana.floor.pools.draws import draw
from karkhana.floor.pools.files import RangeLine
from karkhana.floor.pools.operations import create_pool, import_ranges, spoil
from karkhana.kernel.ranges import stored
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.usefixtures("rolled_back")


def client_of(role: str) -> Client:
    user = get_user_model().objects.create_user(f"{role}-1", password="x")
    user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def engineer(rolled_back: None) -> Client:
    return client_of("engineer")


@pytest.fixture
def pool(rolled_back: None) -> Pool:
    """IMEIs 1 to 9 of ACME's phones."""
    made = create_pool(code="IMEI", brand="ACME", scheme="imei", now=ws.NOW)
    import_ranges(lines=[RangeLine("form", ws.imei(1), ws.imei(9))], pool="IMEI", now=ws.NOW)
    return made


def shown(client: Client, address: str, **form: Any) -> str:
    """Send a form as htmx does and return what is shown beside it."""
    answer = client.post(address, form, headers={"HX-Request": "true"})
    assert answer.status_code == 200, answer.content
    return unescape(answer.content.decode()) or answer.headers["HX-Redirect"]


class TestPages:
    def test_a_pool_is_made_given_ranges_and_drawn_from(self, engineer: Client) -> None:
        new = {"code": "P", "brand": "ACME", "scheme": "imei", "kind": "imei", "alarm_days": "5"}
        assert shown(engineer, "/pools/~new/", **new) == "/pools/P/"
        file = SimpleUploadedFile("tac.csv", b"first,certificate\n35209900,GSMA-1\n35209901,GSMA-2\n")
        assert shown(engineer, "/pools/P/import/", file=file) == "/pools/P/"
        page = engineer.get("/pools/P/").content.decode()
        assert "2 ranges with 2000000 values were stored" in page
        assert "20,00,000" in page
        assert "tac.csv line 3 · GSMA-2" in page
        drawn = shown(engineer, "/pools/P/draw/", count="3", key="k", work_order="WO-PHONE")
        assert "352099000000006 … 352099000000022" in drawn
        again = shown(engineer, "/pools/P/draw/", count="3", key="k", work_order="WO-PHONE")
        assert "the same values" in again
        assert PoolAllotment.objects.get().actor == "engineer-1"
        assert shown(engineer, "/pools/P/remove-range/", first="352099010000004") == "/pools/P/"
        assert "pool.drawn" in shown(engineer, "/pools/P/remove-range/", first="352099000000006")
        assert "is out of use" not in shown(engineer, "/pools/P/spoil/", value="352099000000006", reason="")
        assert shown(engineer, "/pools/P/spoil/", value="352099000000006", reason="torn") == "/pools/P/"
        assert shown(engineer, "/pools/P/set/", state="close", alarm_days="9") == "/pools/P/"
        assert "pool.closed" in shown(engineer, "/pools/P/draw/", count="1")
        found = Pool.objects.get()
        assert (found.is_closed, found.alarm_days) == (True, 9)
        assert "closed" in engineer.get("/pools/").content.decode()

    def test_without_scripts_the_same_forms_work(self, engineer: Client, pool: Pool) -> None:
        answer = engineer.post("/pools/IMEI/set/", {"alarm_days": "3"})
        assert (answer.status_code, answer.headers["Location"]) == (303, "/pools/IMEI/")
        answer = engineer.post("/pools/IMEI/draw/", {"count": "2"})
        assert (answer.status_code, ws.imei(2) in answer.content.decode()) == (200, True)
        assert engineer.post("/pools/IMEI/draw/", {"count": "200"}).status_code == 422

    @pytest.mark.parametrize(
        ("address", "form", "code"),
        [
            ("/pools/~new/", {}, "pool.invalid"),
            ("/pools/~new/", {"code": "A\0", "brand": "ACME", "scheme": "imei"}, "pool.invalid"),
            ("/pools/~new/", {"code": "A", "brand": "X\0", "scheme": "imei"}, "brand.unknown"),
            ("/pools/~new/", {"code": "A", "brand": "ACME", "alarm_days": "x"}, "pool.invalid"),
            ("/pools/IMEI/import/", {}, "pool.range"),
            ("/pools/IMEI/import/", {"first": "1\0"}, "pool.range"),
            ("/pools/IMEI/import/", {"first": "35209900000000", "count": "9" * 30}, "pool.invalid"),
            ("/pools/IMEI/import/", {"first": ws.imei(5), "last": ws.imei(12)}, "pool.overlap"),
            ("/pools/NONE/import/", {"first": "35209900"}, "pool.unknown"),
            ("/pools/IMEI/draw/", {"count": "-1"}, "pool.invalid"),
            ("/pools/IMEI/draw/", {"count": "999999999"}, "pool.invalid"),
            ("/pools/IMEI/draw/", {"count": "1", "key": "k\0"}, "pool.invalid"),
            ("/pools/IMEI/draw/", {"count": "10"}, "pool.exhausted"),
            ("/pools/IMEI/draw/", {"count": "1", "work_order": "WO-TABLET"}, "pool.other_brand"),
            ("/pools/NONE/draw/", {"count": "1"}, "pool.unknown"),
            ("/pools/IMEI/spoil/", {"value": "\0", "reason": "x"}, "pool.invalid"),
            ("/pools/IMEI/spoil/", {"value": ws.imei(1), "reason": "x"}, "pool.value_free"),
            ("/pools/IMEI/remove-range/", {"first": "\0"}, "pool.value_unknown"),
            ("/pools/IMEI/set/", {"alarm_days": "99999"}, "pool.invalid"),
            ("/pools/NONE/set/", {"state": "close"}, "pool.unknown"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_is_said_beside_the_form(
        self, engineer: Client, pool: Pool, address: str, form: dict[str, str], code: str
    ) -> None:
        assert code in shown(engineer, address, **form)
        assert PoolRange.objects.count() == 1
        assert not PoolAllotment.objects.exists()

    def test_an_unknown_pool_is_not_found(self, engineer: Client) -> None:
        assert engineer.get("/pools/NONE/").status_code == 404
        assert engineer.get("/pools/%00/").status_code == 404

    def test_operators_look_and_engineers_do(self, pool: Pool) -> None:
        operator, lead = client_of("operator"), client_of("lead")
        assert operator.get("/pools/").status_code == operator.get("/pools/IMEI/").status_code == 200
        for name in ("import", "draw", "set", "remove-range", "spoil"):
            assert operator.post(f"/pools/IMEI/{name}/").status_code == 403, name
        assert lead.post("/pools/IMEI/draw/").status_code == 403
        assert lead.post("/pools/~new/").status_code == 403
        assert "<form" not in operator.get("/pools/IMEI/").content.decode().split("<main")[1]
        assert operator.get("/pools/IMEI/draw/").status_code in (403, 405)


class TestCounts:
    def test_follow_a_value_from_free_to_burnt(self, pool: Pool) -> None:
        def counts() -> tuple[int, int, int, int]:
            view = queries.pool("IMEI", ws.NOW)
            assert view.free + view.allotted + view.personalised + view.burnt == view.size == 9
            return view.free, view.allotted, view.personalised, view.burnt

        assert counts() == (9, 0, 0, 0)
        draw(pool="IMEI", count=4, now=ws.NOW)
        assert counts() == (5, 4, 0, 0)
        for line in ws.lines(ws.PERSONAL):
            assert record_events([line.raw], recorded_at=ws.NOW)[0].refusal is None
        assert counts() == (5, 3, 1, 0)
        spoil(pool="IMEI", value=ws.imei(3), reason="torn", now=ws.NOW)
        assert counts() == (5, 2, 1, 1)
        for line in ws.lines("08:20  PER-1  scrap U1  accepted"):
            assert record_events([line.raw], recorded_at=ws.NOW)[0].refusal is None
        assert counts() == (5, 2, 0, 2)

    def test_alarm_and_forecast(self, pool: Pool) -> None:
        view = queries.pool("IMEI", ws.NOW)
        assert (view.alarm, view.days_left) == (False, None)
        for day in range(3):
            draw(pool="IMEI", count=2, now=ws.NOW - dt.timedelta(days=2 - day))
        view = queries.pool("IMEI", ws.NOW)
        assert (view.per_day, view.days_left, view.alarm) == (2, 1, True)
        assert view.runs_out_on == dt.date(2026, 6, 17)  # 01:30 of the 16th in Noida, and one day
        days = queries.per_day("IMEI", "Asia/Kolkata", ws.NOW)
        assert days[-3:] == [(dt.date(2026, 6, day), 2) for day in (14, 15, 16)]

    def test_a_dated_template_begins_anew(self, rolled_back: None) -> None:
        create_pool(code="S", brand="ACME", scheme="serial", template="PH{yy}{ww}{n:02}", now=ws.NOW)
        draw(pool="S", count=99, now=ws.NOW)
        view = queries.pool("S", ws.NOW)
        assert (view.size, view.free, view.alarm, view.days_left) == (99, 0, True, None)
        later = queries.pool("S", ws.NOW + dt.timedelta(days=7))
        assert (later.free, later.alarm) == (99, False)


class TestApi:
    def test_a_tester_draws_and_an_engineer_manages(self, pool: Pool) -> None:
        tester, engineer = client_of("operator"), client_of("engineer")

        def send(client: Client, method: str, path: str, body: Any = None) -> tuple[int, Any]:
            answer = client.generic(
                method, f"/api/pools{path}", "" if body is None else json.dumps(body),
                content_type="application/json",
            )  # fmt: skip
            return answer.status_code, answer.json()

        status, drawn = send(tester, "POST", "/IMEI/draw", {"count": 2, "key": "a", "station": "PER-1"})
        assert (status, drawn["values"], drawn["repeated"]) == (200, [ws.imei(1), ws.imei(2)], False)
        assert send(tester, "POST", "/IMEI/draw", {"count": 2, "key": "a"})[1]["repeated"] is True
        assert send(tester, "POST", "/IMEI/spoil", {"value": ws.imei(1), "reason": "torn"})[0] == 200
        new = {"code": "MAC", "brand": "ACME", "scheme": "eui48"}
        for method, path, body in (
            ("POST", "", new),
            ("PATCH", "/IMEI", {"is_closed": True}),
            ("POST", "/IMEI/ranges", {"ranges": [{"first": "35209900"}]}),
            ("DELETE", "/IMEI/ranges/1", None),
        ):
            assert send(tester, method, path, body)[0] == 403, path
        assert send(engineer, "POST", "", new)[1]["size"] == 0
        status, said = send(
            engineer, "POST", "/MAC/ranges", {"ranges": [{"first": "020000/24"}, {"first": "x"}]}
        )
        assert (status, said["refusal"]["code"]) == (422, "pool.range")
        assert said["refusal"]["message"].startswith("ranges.1: ")
        status, said = send(engineer, "POST", "/MAC/ranges", {"ranges": [{"first": "020000"}]})
        assert (status, said["values"], len(said["warnings"])) == (200, 2**24, 1)
        assert send(engineer, "DELETE", "/MAC/ranges/020000000000")[1]["size"] == 0
        assert send(engineer, "PATCH", "/MAC", {"is_closed": True})[1]["is_closed"] is True
        assert send(tester, "GET", "/NONE")[0] == 404
        assert [one["code"] for one in send(tester, "GET", "")[1]["pools"]] == ["IMEI", "MAC"]

    def test_a_large_draw_is_told_by_its_blocks(self, rolled_back: None) -> None:
        create_pool(code="P", brand="ACME", scheme="imei", now=timezone.now())
        import_ranges(lines=[RangeLine("form", "35209900")], pool="P", now=timezone.now())
        answer = (
            client_of("operator").post("/api/pools/P/draw", {"count": 100_000}, "application/json").json()
        )
        assert (answer["values"], answer["blocks"][0]["count"]) == ([], 100_000)


def test_counting_in_stretches_counts_the_same(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    draw(pool="IMEI", count=9, now=ws.NOW)
    held = PoolRange.objects.get()
    values = stored("imei", held.first, held.count)
    later = ws.NOW + counts.OLD_FOR * 2

    def used(now: dt.datetime) -> tuple[int, int]:
        return counts.used_and_burnt(held, values, "imei", now, stretch=2)

    def write(*numbers: int) -> None:
        with connection.cursor() as cursor:
            for number in numbers:
                cursor.execute(
                    "INSERT INTO ledger_identity VALUES ('imei', %s, 'imei', 'U', now(), %s)",
                    [ws.imei(number), ws.NOW if number == 2 else None],
                )

    write(1, 2, 3, 9)
    assert used(ws.NOW) == (4, 1)
    write(8)
    assert used(ws.NOW) == (5, 1), "the latest stretches are counted each time"
    write(4)
    assert used(ws.NOW) == (5, 1), "an old stretch with a gap is not"
    assert used(later) == (6, 1)
    asked: list[object] = []
    monkeypatch.setattr(counts, "fetch", lambda *query: asked.append(query) or [(0,)])
    used(later + counts.OLD_FOR * 2)
    assert len(asked) == 3, "5 and 6 have a gap, 7 and 8 are among the latest; then the burnt ones"
