"""The API from outside: who may ask, hostile bodies, and free text that comes back byte for byte."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone

from floor import workshop as ws
from floor.fixtures import rolled_back, workshop_database, workshop_template
from karkhana.people.models import ApiToken
from karkhana.people.tokens import issue_token
from karkhana.site.api import api
from karkhana.site.roles import ROLES, ensure_roles

__all__ = ["rolled_back", "workshop_database", "workshop_template"]
pytestmark = pytest.mark.usefixtures("rolled_back")

PATHS = ("/api/units/X", "/api/recall?lot=X", "/api/lines/L-SMT", "/api/openapi.json", "/api/docs")
FREE_TEXTS = (
    "tab\there, new\nline, return\rand both\r\n",
    "back\\slash \\N \\. \\t \\\\n end\\",
    "quotes ' \" ` and {braces} %s %(x)s ${x}",
    "मरम्मत पूरी — ठीक है ✅ 😀 \u200d",
    "'; DROP TABLE ledger_event; --",
    "\u0001\u0008\u000b\u001f\u007f\u0085\u2028\ufeff",
    "   blanks at both ends   ",
    "",
)
ODD_CODES = (
    'a"b', "a{b}c", "a,b", "a\\b", "\\", '"', "{}", "NULL", "\\N", "a'b", "(1)", "a b", "A/B", "?#%25",
    "क-१२३", "😀",
    "'; DELETE FROM ledger_unit; --", "../x", "x" * 80, "\\.", "a;b", "NaN", "\u0085x",
)  # fmt: skip


def user(name: str, *roles: str) -> Any:
    ensure_roles()
    account = get_user_model().objects.create_user(name, password="a long password")
    account.groups.set(Group.objects.filter(name__in=roles))
    return account


@pytest.fixture
def token(rolled_back: None) -> str:
    """A token of a machine with the smallest role."""
    user("machine", "operator")
    return issue_token(username="machine", name="test", now=timezone.now())


@pytest.fixture
def machine(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False)


def now_event(station: str, what: str, **more: Any) -> dict[str, Any]:
    """An event of this very moment: over HTTP the server's own clock counts."""
    return {**ws.event(timezone.now().isoformat(), station, what), **more}


def post(client: Client, body: bytes | list[Any], content_type: str = "application/json") -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post("/api/events", data=data, content_type=content_type)


def events_kept() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_event")
        return int(cursor.fetchone()[0])


def code_of(answer: Any) -> str:
    return str(answer.json()["refusal"]["code"])


def is_refusal(answer: Any) -> bool:
    refusal = answer.json().get("refusal", {})
    return {"code", "message", "next_step", "fields"} == refusal.keys() and all(
        refusal[key] for key in ("code", "message", "next_step")
    )


# Who may ask.


@pytest.mark.parametrize("path", PATHS)
def test_nobody_gets_401_with_a_refusal(client: Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, code_of(answer)) == (401, "auth.login_required")
    assert is_refusal(answer)


def test_nobody_posts(client: Client) -> None:
    answer = post(client, [now_event("DOCK-1", "receive L CAP 1 SUP")])
    assert (answer.status_code, is_refusal(answer), events_kept()) == (401, True, 0)


def test_every_operation_is_closed_to_nobody_and_to_an_account_without_a_role(client: Client) -> None:
    paths = api.get_openapi_schema()["paths"]
    assert len(paths) >= 4
    stranger = Client(raise_request_exception=False)
    stranger.force_login(user("stranger"))
    for path, operations in paths.items():
        address = re.sub(r"\{\w+\}", "X", path)
        for method in operations:
            assert client.generic(method.upper(), address, b"[]").status_code == 401, address
            answer = stranger.generic(method.upper(), address, b"[]", content_type="application/json")
            assert (answer.status_code, is_refusal(answer)) == (403, True), address
    assert events_kept() == 0


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_record_and_read(role: str) -> None:
    user(role, role)
    text = issue_token(username=role, name="test", now=timezone.now())
    client = Client(headers={"Authorization": f"Bearer {text}"})
    assert post(client, [now_event("DOCK-1", "receive L CAP 1 SUP")]).json()["accepted"] == 1
    assert client.get("/api/recall?lot=L").status_code == 200


def test_a_session_needs_the_csrf_token_to_post_but_not_to_read() -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user("asha", "operator"))
    body = [now_event("DOCK-1", "receive L CAP 1 SUP")]
    answer = post(client, body)
    assert (answer.status_code, is_refusal(answer), events_kept()) == (403, True, 0)
    assert client.get("/api/lines/L-SMT").status_code == 200
    client.get("/login/")
    secret = "a" * 32
    client.cookies["csrftoken"] = secret
    with_token = client.post(
        "/api/events", json.dumps(body), content_type="application/json", headers={"X-CSRFToken": secret}
    )
    assert (with_token.status_code, with_token.json()["accepted"]) == (200, 1)


def test_a_token_needs_no_csrf_token(token: str) -> None:
    client = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {token}"})
    assert post(client, [now_event("DOCK-1", "receive L CAP 1 SUP")]).status_code == 200


def test_revoked_unknown_and_dead_tokens(token: str, machine: Client) -> None:
    assert machine.get("/api/lines/L-SMT").status_code == 200
    account = get_user_model().objects.get(username="machine")
    account.is_active = False
    account.save()
    assert machine.get("/api/lines/L-SMT").status_code == 401, "the account was closed"
    account.is_active = True
    account.save()
    ApiToken.objects.update(revoked_at=timezone.now())
    for text in (token, "kk_nothing", "", token.upper(), "é", f"{token} x", "%00"):
        client = Client(headers={"Authorization": f"Bearer {text}"}, raise_request_exception=False)
        for answer in (client.get("/api/lines/L-SMT"), post(client, [])):
            assert (answer.status_code, code_of(answer)) == (401, "auth.token_invalid"), text


def test_an_invalid_token_is_refused_even_with_a_good_session() -> None:
    client = Client(headers={"Authorization": "Bearer kk_wrong"})
    client.force_login(user("asha", "operator"))
    assert client.get("/api/lines/L-SMT").status_code == 401


# Bodies.


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[", b"[}", b"nonsense", b"{}", b"null", b'"[]"', b"\x00", b"\xff\xfe[]", b"[]]", b"[1,]",
        b"[" * 300_000, b'[{"a":' * 100_000, b'[{"a":' * 100_000 + b"1" + b"}]" * 100_000,
        "[]".encode("utf-16"), b"\xef\xbb\xbf[]",
    ],
)  # fmt: skip
def test_a_body_that_is_no_batch(machine: Client, body: bytes) -> None:
    answer = post(machine, body)
    assert (answer.status_code, code_of(answer), events_kept()) == (422, "batch.malformed", 0)
    assert is_refusal(answer)
    assert len(answer.content) < 2000


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "x"])
def test_the_content_type_does_not_matter(machine: Client, content_type: str) -> None:
    answer = post(machine, [now_event("DOCK-1", "receive L CAP 1 SUP")], content_type)
    assert (answer.status_code, answer.json()["accepted"]) == (200, 1)


def test_a_form_from_a_session_is_refused(machine: Client) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user("asha", "operator"))
    secret = "a" * 32
    client.cookies["csrftoken"] = secret
    answer = client.post("/api/events", {"csrfmiddlewaretoken": secret, "events": "[]"})
    assert (answer.status_code, code_of(answer)) == (422, "batch.malformed")


def test_a_body_that_is_too_large(machine: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = post(machine, b"[" + b" " * 1000 + b"]")
    assert (answer.status_code, code_of(answer)) == (413, "batch.too_large")


def test_too_many_events(machine: Client) -> None:
    answer = post(machine, b"[" + b",".join([b"0"] * 100_001) + b"]")
    assert (answer.status_code, code_of(answer), events_kept()) == (413, "batch.too_large", 0)


BIG = "x" * 1_000_000
GOOD_TEST: dict[str, Any] = {
    "type": "UnitsTested", "station": "FIN-1", "unit": "T1", "result": "Passed",
    "measurements": [{"name": "U", "value": "3.30", "unit_of_measure": "V", "low": "3.1", "high": None}],
}  # fmt: skip
BROKEN: dict[str, dict[str, Any]] = {
    "unknown field": {"colour": "red"},
    "unknown type": {"type": "UnitsDestroyed"},
    "no type": {"type": None},
    "type is a list": {"type": []},
    "no id": {"id": None},
    "id is a number": {"id": 7},
    "id is no uuid": {"id": "7"},
    "time without zone": {"at": "2026-06-15T08:00:00"},
    "time is a number": {"at": 1781510400},
    "time of the year 1": {"at": "0001-01-01T00:00:00+05:30"},
    "time of the year 9999": {"at": "9999-12-31T23:59:59-14:00"},
    "a zone that no place has": {"at": "2026-06-15T08:00:00+23:59"},
    "the 30th of February": {"at": "2026-02-30T08:00:00Z"},
    "unit is a number": {"unit": 1},
    "unit is a list": {"unit": ["T1"]},
    "unit is empty": {"unit": ""},
    "unit with a blank before": {"unit": " T1"},
    "unit with a line end": {"unit": "T1\n"},
    "unit with NUL": {"unit": "T\x001"},
    "unit with a tab": {"unit": "T\t1"},
    "unit of 81": {"unit": "x" * 81},
    "unit of a million": {"unit": BIG},
    "station of a million": {"station": BIG},
    "field name of a million": {BIG: 1},
    "program of a million": {"program": BIG},
    "program with NUL": {"program": "a\x00"},
    "result unheard of": {"result": "Perfect"},
    "result in small letters": {"result": "passed"},
    "measurements is a text": {"measurements": "many"},
    "a value in words": {"measurements": [{"name": "U", "value": "three"}]},
    "NaN": {"measurements": [{"name": "U", "value": "NaN"}]},
    "sNaN": {"measurements": [{"name": "U", "value": "sNaN"}]},
    "Infinity": {"measurements": [{"name": "U", "value": "1", "high": "Infinity"}]},
    "1e999": {"measurements": [{"name": "U", "value": "1e999"}]},
    "1e-999": {"measurements": [{"name": "U", "value": "1", "low": "1e-999"}]},
    "true as a value": {"measurements": [{"name": "U", "value": True}]},
    "position 0": {"defects": [{"code": "X", "position": 0}]},
    "position 61": {"defects": [{"code": "X", "position": 61}]},
    "position 1.5": {"defects": [{"code": "X", "position": 1.5}]},
    "position as a text": {"defects": [{"code": "X", "position": "1"}]},
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_broken_event_among_good_ones(machine: Client, name: str) -> None:
    good = [now_event("DOCK-1", f"receive L{number} CAP 1 SUP") for number in (1, 2)]
    event = {"id": str(uuid.uuid4()), "at": timezone.now().isoformat(), **GOOD_TEST, **BROKEN[name]}
    broken = {key: value for key, value in event.items() if value is not None}
    answer = post(machine, [good[0], broken, good[1]])
    assert answer.status_code == 200
    outcomes = answer.json()["outcomes"]
    assert [o["status"] for o in outcomes] == ["accepted", "refused", "accepted"]
    assert outcomes[1]["refusal"]["code"] == "event.malformed"
    assert "Event 1 of the batch" in outcomes[1]["refusal"]["message"]
    assert len(answer.content) < 5000, "what was sent is not sent back at length"
    assert events_kept() == 2


QUANTITIES = {
    "NaN": None, "-NaN": None, "Infinity": None, "-Infinity": None, "1e999": None, "1e31": None, "-1": None,
    "1." + "1" * 20_000: None, "one": None, "": None, "0x10": None, "१२": "12",
    "0": "0", "12": "12", "12.50": "12.50", "1e3": "1000", "0.000001": "0.000001", "9" * 30: "9" * 30,
}  # fmt: skip


@pytest.mark.parametrize("text", QUANTITIES)
def test_quantities(machine: Client, text: str) -> None:
    answer = post(machine, [now_event("DOCK-1", "receive L CAP 1 SUP", quantity=text)])
    wanted = QUANTITIES[text]
    assert answer.status_code == 200
    (outcome,) = answer.json()["outcomes"]
    assert outcome["status"] == ("refused" if wanted is None else "accepted"), outcome
    with connection.cursor() as cursor:
        cursor.execute("SELECT quantity::text FROM ledger_lot")
        assert cursor.fetchall() == ([] if wanted is None else [(wanted,)])


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"1e999", b"-1", b"1" * 100_000])
def test_quantities_as_bare_numbers(machine: Client, number: bytes) -> None:
    event = now_event("DOCK-1", "receive L CAP 1 SUP", quantity="@")
    answer = post(machine, b"[" + json.dumps(event).encode().replace(b'"@"', number) + b"]")
    assert answer.status_code in (200, 422)
    assert events_kept() == 0
    assert is_refusal(answer) if answer.status_code == 422 else answer.json()["refused"] == 1


@pytest.mark.parametrize("escape", [b"\\ud800", b"\\udfff\\ud800", b"\\u0000", b"\xed\xa0\x80", b"\xff"])
def test_lone_surrogates_and_bytes_that_are_no_text(machine: Client, escape: bytes) -> None:
    event = now_event("FIN-1", "scrap T1", reason="@")
    answer = post(machine, b"[" + json.dumps(event).encode().replace(b'"@"', b'"' + escape + b'"') + b"]")
    assert answer.status_code in (200, 422)
    assert events_kept() == 0


@pytest.mark.parametrize(
    ("moved", "code"),
    [
        (dt.timedelta(minutes=-1), None),
        (dt.timedelta(minutes=4), None),
        (dt.timedelta(minutes=6), "event.time"),
        (dt.timedelta(days=365), "event.time"),
        (dt.timedelta(days=-399), None),
        (dt.timedelta(days=-401), "event.time"),
        (dt.timedelta(days=-20_000), "event.time"),
    ],
)
def test_clocks(machine: Client, moved: dt.timedelta, code: str | None) -> None:
    at = (timezone.now() + moved).astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    answer = post(machine, [now_event("DOCK-1", "receive L CAP 1 SUP", at=at.isoformat())])
    (outcome,) = answer.json()["outcomes"]
    assert (outcome["refusal"] or {}).get("code") == code
    assert events_kept() == 1


@pytest.mark.parametrize("offset", ["+14:00", "-12:00", "+05:45", "-00:00"])
def test_every_zone_on_earth(machine: Client, offset: str) -> None:
    local = timezone.now().astimezone(dt.datetime.fromisoformat(f"2026-01-01T00:00:00{offset}").tzinfo)
    answer = post(machine, [now_event("DOCK-1", "receive L CAP 1 SUP", at=local.isoformat())])
    assert answer.json()["accepted"] == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT happened_at FROM ledger_event")
        assert cursor.fetchone() == (local,)


@pytest.mark.parametrize("text", FREE_TEXTS)
def test_free_text_comes_back_byte_for_byte(machine: Client, text: str) -> None:
    start = now_event("FIN-1", "start T1 order WO-TABLET")
    test = {"id": str(uuid.uuid4()), "at": timezone.now().isoformat(), **GOOD_TEST, "program": text}
    scrap = now_event("FIN-1", "scrap T1", reason=text)
    lot = now_event("DOCK-1", "receive L CAP 1 SUP", supplier_lot=text)
    hold = now_event("DOCK-1", "hold unit T1 as H1", reason=text)
    assert post(machine, [start, test, scrap, lot, hold]).json()["accepted"] == 5
    found = machine.get("/api/units/T1").json()
    assert [event.get("program", "") for event in found["events"]][1] == text
    assert [event.get("reason", "") for event in found["events"]][2:] == [text, text]
    assert found["holds"][0]["reason"] == text
    assert machine.get("/api/recall?lot=L").json()["sources"][0]["supplier_lot"] == text


@pytest.mark.parametrize("code", ODD_CODES)
def test_odd_codes_survive_every_way_through(machine: Client, code: str) -> None:
    """As serial, label, lot, part of an array, firmware target's neighbour, in COPY and in array literals."""
    from urllib.parse import quote

    at = [(timezone.now() - dt.timedelta(seconds=60 - second)).isoformat() for second in range(8)]
    story = [
        ws.event(at[0], "FIN-1", "start X order WO-TABLET") | {"unit": code},
        ws.event(at[1], "FIN-1", "test X") | {"unit": code},
        ws.event(at[2], "DOCK-1", "receive X CAP 1 SUP") | {"lot": code},
        ws.event(at[3], "SMT-1", "load X CAP on F1") | {"lot": code, "location": "F1"},
        ws.event(at[4], "PACK-1", "pack X into BOX") | {"children": [code]},
        ws.event(at[5], "DOCK-1", "hold unit X as H") | {"target": code, "hold": code},
        ws.event(at[6], "DOCK-1", "release H") | {"hold": code},
        ws.event(at[7], "DOCK-1", "ship BOX as S") | {"shipment": code, "consignee": code},
    ]
    outcomes = post(machine, story).json()["outcomes"]
    assert [outcome["status"] for outcome in outcomes] == ["accepted"] * 8, outcomes
    found = machine.get(f"/api/units/{quote(code, safe='')}")
    if any(ord(char) < 32 or ord(char) == 127 for char in code):
        return
    assert found.status_code == 200, found.content
    assert found.json()["serial"] == code
    assert found.json()["shipment"]["shipment"] == code
    recalled = machine.get(f"/api/recall?lot={quote(code, safe='')}")
    assert (recalled.status_code, recalled.json()["query"]["lot"]) == (200, code)
    again = post(machine, story).json()
    assert again["repeated"] == 8


def test_odd_codes_as_battery_serials_and_identities(machine: Client) -> None:
    for number, code in enumerate(ODD_CODES):
        born = now_event("ASM-1", f"start U{number} order WO-PHONE")
        install = now_event("ASM-1", f"install U{number} battery=BAT:x")
        install["installed"][0]["serial"] = code
        assert post(machine, [born, install]).json()["accepted"] == 2, code
        twin = now_event("ASM-1", f"start V{number} order WO-PHONE")
        again = {**install, "id": str(uuid.uuid4()), "unit": f"V{number}"}
        outcomes = post(machine, [twin, again]).json()["outcomes"]
        assert outcomes[1]["refusal"]["code"] == "keypart.already_used", code


def test_unknown_addresses_and_methods(machine: Client) -> None:
    for path in ("/api/nothing", "/api/units", "/api/units/", "/api/lines/", "/api/events/more"):
        answer = machine.get(path)
        assert (answer.status_code, is_refusal(answer)) == (404, True)
        assert Client().get(path).status_code == 401, "nobody learns which addresses there are"
    for method in ("PUT", "PATCH", "DELETE"):
        answer = machine.generic(method, "/api/events", b"[]")
        assert (answer.status_code, is_refusal(answer)) == (405, True)
    answer = machine.get("/api/events")
    assert (answer.status_code, is_refusal(answer), answer.headers["Allow"]) == (405, True, "POST")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/units/NOBODY", 404, "unit.unknown"),
        ("/api/units/%00", 422, "request.invalid"),
        ("/api/units/%0A", 404, "request.unknown"),
        ("/api/units/%09", 422, "request.invalid"),
        ("/api/units/" + "x" * 81, 422, "request.invalid"),
        ("/api/units/%ED%A0%80", 404, "unit.unknown"),
        ("/api/units/%FF%FE", 404, "unit.unknown"),
        ("/api/units/A%2FB%2FC", 404, "unit.unknown"),
        ("/api/recall", 422, "recall.what"),
        ("/api/recall?lot=X&serial=Y", 422, "recall.what"),
        ("/api/recall?lot=X", 404, "lot.unknown"),
        ("/api/recall?serial=X", 404, "unit.unknown"),
        ("/api/recall?lot=", 422, "request.invalid"),
        ("/api/recall?lot=%00", 422, "request.invalid"),
        ("/api/recall?lot=%ED%A0%80", 404, "lot.unknown"),
        ("/api/recall?lot=" + "x" * 100_000, 422, "request.invalid"),
        ("/api/lines/NONE", 404, "line.unknown"),
        ("/api/lines/L-SMT?day=2026-02-30", 422, "request.invalid"),
        ("/api/lines/L-SMT?day=0001-01-01", 422, "day.unknown"),
        ("/api/lines/L-SMT?day=9999-12-31", 422, "day.unknown"),
        ("/api/lines/L-SMT?day=99999999999999999999", 422, "request.invalid"),
    ],
)
def test_what_cannot_be_found_or_asked(machine: Client, path: str, status: int, code: str) -> None:
    answer = machine.get(path)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert is_refusal(answer)


def test_an_identity_is_found_however_it_is_written(machine: Client) -> None:
    story = []
    for number, line in enumerate(ws.lines(ws.PERSONAL)):
        at = timezone.now() - dt.timedelta(minutes=5) + dt.timedelta(seconds=number)
        story.append({**line.body, "at": at.isoformat()})
    assert post(machine, story).json()["accepted"] == len(story)
    for text in ("U1", ws.imei(1), "02:00:00:00:00:01", "02-00-00-00-00-01", "020000000001", "PH1"):
        assert machine.get(f"/api/units/{text}").json()["serial"] == "U1", text
