"""``karkhana localise PRODUCT --rev REV``: for a person and for a program."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from design import office
from karkhana.cli import localise as command
from localisation.offered import offer, term

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    """A runner on the test's own database, with a board of which one part may lack a price."""
    monkeypatch.setattr("karkhana.cli._run.django_ready", lambda role="app": None)
    office.product()
    office.draft(items=(office.item(1, "CAP", "C1", "C2"), office.item(2, "MCU", "U1")))
    term("BOARD", "price", "1000")
    offer("CAP", "20", channel="import", origin="CN")
    offer("CAP", "15", channel="import", origin="CN", minimum="100000")
    return CliRunner()


def test_a_design_with_a_gap_claims_no_class_and_no_certificate(run: CliRunner) -> None:
    said = run.invoke(command.app, ["BOARD", "--rev", "A"])
    assert said.exit_code == 0, said.output
    for text in (
        "BOARD A as designed",
        "96.0000 % local",
        "as 1 of the parts have no price: MCU",
        "INR 40.00",
    ):
        assert text in said.output, text
    for text in ("Class-I", "certificate may say"):
        assert text not in said.output, text


def test_as_json_with_a_volume(run: CliRunner) -> None:
    offer("MCU", "100")
    said = run.invoke(command.app, ["BOARD", "--rev", "A", "--volume", "50000", "--json"])
    body = json.loads(said.stdout)
    assert body["subject"]["kind"] == "designed"
    assert (body["percent"], body["class"], body["cost"], body["assumed"]["volume"]) == (
        "87.0000", "Class-I", "130", "50000",
    )  # fmt: skip
    assert "certified" not in body


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["BOARD", "--rev", "Z"], "revision.unknown"),
        (["BOARD", "--rev", "A", "--volume", "0"], "designed.volume"),
        (["BOARD", "--volume", "5", "--month", "2026-06"], "localise.volume"),
        (["BOARD", "--rev", "A", "--month", "2026-06"], "localise.designed"),
        (["BOARD", "--rev", "A", "--set", "profit"], "method.parameter_form"),
    ],
)
def test_what_cannot_be_asked_is_refused(run: CliRunner, arguments: list[str], code: str) -> None:
    said = run.invoke(command.app, arguments)
    assert said.exit_code == 1
    assert getattr(said.exception, "refusal").code == code  # noqa: B009 - an exception of any kind
