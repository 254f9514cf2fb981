"""The command ``karkhana localise`` and the API of local value, as a person and a program see them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from typer.testing import CliRunner

from karkhana.cli import localise as command
from karkhana.kernel.refusals import Refused
from karkhana.site.roles import ensure_roles
from localisation.purchases import tell, term
from localisation.test_built_units import DEVICE, books

KEYS = {
    "subject", "method", "denominator", "imported", "local", "percent", "percent_min", "percent_max", "class",
    "lines", "unproved",
}  # fmt: skip
LINE = {"part", "lot", "origin", "value", "local_value", "why"}


@pytest.fixture(autouse=True)
def _ready(rolled_back: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("karkhana.cli._run.django_ready", lambda *_: None)
    tell(DEVICE)
    books()


def run(*words: str) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(command.app, list(words))
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def client(role: str) -> Client:
    user, _ = get_user_model().objects.get_or_create(username=f"a-{role}")
    user.groups.add(ensure_roles()[role])
    found = Client()
    found.force_login(user)
    return found


def get(address: str, role: str = "buyer", **asked: str) -> tuple[int, dict[str, Any]]:
    answer = client(role).get(f"/api/localisation/{address}", asked)
    return answer.status_code, answer.json()


def test_one_unit_by_command_and_by_api() -> None:
    found = json.loads(run("U1", "--json"))
    assert set(found) >= KEYS
    assert all(set(line) >= LINE for line in found["lines"])
    assert (found["percent"], found["certified"], found["class"]) == ("39.6200", "39.62", "Class-II")
    assert get("units/U1") == (200, found)
    _, other = get("units/U1", "engineer", set="look_through=all")
    assert other["percent"] == "41.6200"


def test_a_period_by_command_and_by_api() -> None:
    found = json.loads(run("--month", "2026-06", "--brand", "ACME", "--json"))
    assert set(found) >= KEYS
    assert (found["percent"], found["units"]["count"]) == ("39.6200", 1)
    assert get("period", month="2026-06", brand="ACME") == (200, found)
    year = json.loads(run("PHONE", "--fiscal-year", "FY27", "--all-lines", "--json"))
    assert year["imported"] == found["imported"]
    _, days = get("period", first="2026-06-15", last="2026-06-15", product="PHONE", all_lines="true")
    assert days["lines"] == year["lines"]


def test_what_a_person_reads() -> None:
    text = run("U1", "--set", "uncertified=origin")
    for wanted in ("39.6200 % local", "Class-II", "INR 100.00", "INR 60.38", "own import", "is proved"):
        assert wanted in text
    term("PHONE", "warranty", "3", document="")
    term("PHONE", "royalty_abroad", "3", document="")
    text = run("PHONE", "--month", "2026-06")
    for wanted in ("1 units", "36.6200 % local", "royalty_abroad", "No document shows this amount"):
        assert wanted in text


def test_methods_are_listed() -> None:
    status, found = get("methods")
    assert status == 200
    names = [(row["id"], row["valid_from"]) for row in found["methods"]]
    assert ("PPP_MII", "2024-07-19") in names
    assert names == sorted(names)
    procurement = found["methods"][names.index(("PPP_MII", "2024-07-19"))]
    assert procurement["parameters"]["uncertified"]["choices"] == ["none", "origin", "all"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "localise.what"),
        (("NEVER",), "unit.unknown"),
        (("P1",), "localise.not_a_unit"),
        (("U1", "--month", "2026-06"), "product.unknown"),
        (("--month", "June"), "period.month"),
        (("--fiscal-year", "27"), "period.fiscal_year"),
        (("--month", "2026-06", "--from", "2026-06-01", "--to", "2026-06-02"), "period.twice"),
        (("--from", "2026-06-01"), "period.half"),
        (("--from", "2026-06-01", "--to", "yesterday"), "period.day"),
        (("--from", "2026-06-02", "--to", "2026-06-01"), "period.order"),
        (("--month", "2025-01"), "localise.no_units"),
        (("U1", "--set", "uncertified"), "method.parameter_form"),
        (("U1", "--set", "uncertified=some"), "method.parameter"),
        (("U1", "--method", "NONE"), "method.unknown"),
        (("U1", "--method", "/nowhere/rule.toml"), "method.file"),
        (("--rev", "A", "--month", "2026-06"), "localise.designed"),
        (("PHONE", "--rev", "ZZ"), "revision.unknown"),
    ],
)
def test_the_command_refuses(words: tuple[str, ...], code: str) -> None:
    with pytest.raises(Refused) as refused:
        run(*words)
    assert refused.value.refusal.code == code


@pytest.mark.parametrize(
    ("address", "asked", "status", "code"),
    [
        ("units/NEVER", {}, 404, "unit.unknown"),
        ("units/T\x00", {}, 422, "request.invalid"),
        ("units/U1", {"method": "../etc/passwd.toml"}, 422, "request.invalid"),
        ("units/U1", {"method": "NONE"}, 422, "method.unknown"),
        ("units/U1", {"set": "=x"}, 422, "method.parameter_form"),
        ("units/U1", {"day": "0001-01-01"}, 422, "method.not_then"),
        ("period", {"month": "2026-13"}, 422, "period.month"),
        ("period", {"first": "2026-06-01"}, 422, "period.half"),
        ("period", {"month": "2026-06", "fiscal_year": "FY27"}, 422, "period.twice"),
        ("period", {"month": "2026-06", "product": "NO"}, 404, "product.unknown"),
        ("period", {"first": "9999-12-31", "last": "9999-12-31"}, 422, "period.order"),
        ("period", {"month": "2026-05"}, 422, "localise.no_units"),
    ],
)
def test_the_api_refuses(address: str, asked: dict[str, str], status: int, code: str) -> None:
    found, body = get(address, **asked)
    assert (found, body["refusal"]["code"]) == (status, code)


def test_money_is_not_for_everybody() -> None:
    status, body = get("units/U1", "operator")
    assert (status, body["refusal"]["code"]) == (403, "auth.role_missing") or status == 401
