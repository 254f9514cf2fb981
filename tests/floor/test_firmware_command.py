"""``karkhana firmware``: the same as the pages, from a terminal or a build server."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from typer.testing import CliRunner

from floor import workshop as ws
from karkhana.cli import firmware
from karkhana.design.models import FirmwareImage
from karkhana.design.operations import set_agreement
from karkhana.floor.operations import record_events
from karkhana.kernel.refusals import Refused
from karkhana.partners.operations import enroll_signatory, ensure_agreement, ensure_party

pytestmark = pytest.mark.usefixtures("rolled_back")
BYTES = b"firmware one"
SHA = hashlib.sha256(BYTES).hexdigest()
MAIN = ("PHONE", "main", "2.0")


@pytest.fixture(autouse=True)
def own_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's own database stands ready instead of the one of the data folder."""
    monkeypatch.setattr(firmware, "django_ready", lambda: None)


def run(*arguments: str, typed: str | None = None) -> str:
    done = CliRunner().invoke(firmware.app, list(arguments), input=typed)
    if done.exception is not None:
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def refused(*arguments: str, typed: str | None = None) -> str:
    with pytest.raises(Refused) as caught:
        run(*arguments, typed=typed)
    return caught.value.refusal.code


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "main.bin"
    path.write_bytes(BYTES)
    return path


def test_an_image_from_its_file_to_its_withdrawal(image: Path) -> None:
    get_user_model().objects.create(username="meera")
    said: dict[str, Any] = json.loads(
        run("add", *MAIN, "--file", str(image), "--sha256", SHA.upper(), "--market", "IN", "--json")
    )
    assert (said["state"], said["sha256"], said["markets"]) == ("draft", SHA, ["IN"])
    assert "PHONE main=2.0: approved" in run("approve", *MAIN, "--user", "meera")
    (listed,) = json.loads(run("list", "--product", "PHONE", "--json"))
    assert (listed["unsigned"], listed["released_by"]) == (True, "meera")
    assert "2.0" in run("list")
    gone = json.loads(run("withdraw", *MAIN, "--reason", "It reboots", "--user", "meera", "--json"))
    assert (gone["image"], gone["units"]) == ("PHONE main=2.0", 0)
    assert FirmwareImage.objects.get().withdrawn_reason == "It reboots"
    assert refused("withdraw", *MAIN, "--reason", "again") == "firmware.state"


def test_a_signature_asks_for_the_passphrase(image: Path) -> None:
    for party, kind in (("MAKER", "maker"), ("PARTNER", "partner")):
        ensure_party(code=party, name=party, kind=kind)
        user = get_user_model().objects.create(username=party.lower())
        enroll_signatory(party=party, name=party, now=timezone.now(), user=user, passphrase="opens it all")
    ensure_agreement(
        code="HUB", title="Hub", kind="alliance", starts_on=timezone.now().date(), ends_on=None,
        parties={"MAKER": ["firmware"], "PARTNER": ["firmware"]},
    )  # fmt: skip
    set_agreement(code="PHONE", agreement="HUB", design_owner="joint")
    assert "Waits for the signature of MAKER, PARTNER" in run("add", *MAIN, "--file", str(image))
    assert refused("approve", *MAIN, "--user", "maker", typed="wrong one\n") == "approval.passphrase"
    stale = ("approve", *MAIN, "--user", "maker", "--hash", "0" * 64)
    assert refused(*stale, typed="opens it all\n") == "approval.stale"
    assert "Waits for the signature of PARTNER" in run(
        "approve", *MAIN, "--user", "maker", typed="opens it all\n"
    )
    run("approve", *MAIN, "--user", "partner", "--reject", "--comment", "no", typed="opens it all\n")
    (listed,) = json.loads(run("list", "--json"))
    assert (listed["state"], listed["approved_by"], listed["rejected_by"]) == (
        "draft",
        ["MAKER"],
        ["PARTNER"],
    )


def test_a_manifest_with_its_files_beside_it(image: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "images.csv"
    manifest.write_text(
        "file,target,version,sha256,size\n"
        f"main.bin,main,2.0,{SHA},12\nhttps://build.example/radio.bin,radio,7,{SHA},12\n"
    )
    assert run("add", "PHONE", "--manifest", str(manifest)).count("draft") == 2
    assert run("add", "PHONE", "--manifest", str(manifest)).count("draft") == 2, "again changes nothing"
    manifest.write_text(f"file,target,version,sha256\n../{tmp_path.name}/main.bin,main,3,{SHA}\n")
    assert "3" in run("add", "PHONE", "--manifest", str(manifest))
    manifest.write_text(f"file,target,version,sha256\n/etc/hostname,main,4,{SHA}\n")
    assert refused("add", "PHONE", "--manifest", str(manifest)) == "firmware.file_missing"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "PHONE"), "firmware.what"),
        (("add", *MAIN), "firmware.field"),
        (("add", *MAIN, "--file", "no such file"), "firmware.no_file"),
        (("add", *MAIN, "--file", "."), "firmware.no_file"),
        (("add", *MAIN, "--user", "nobody"), "user.unknown"),
        (("add", "PHONE", "--manifest", "no such file"), "firmware.no_file"),
        (("approve", *MAIN, "--user", "nobody"), "user.unknown"),
        (("withdraw", *MAIN, "--reason", "x"), "firmware.image_unknown"),
        (("list", "--product", "NONE"), "product.unknown"),
    ],
)
def test_what_is_refused(arguments: tuple[str, ...], code: str) -> None:
    assert refused(*arguments) == code


def test_a_file_above_the_limit_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.bin"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert refused("add", *MAIN, "--file", str(path)) == "firmware.too_large"


def test_where_units_are_even_without_an_image() -> None:
    for line in ws.lines(ws.PERSONAL):
        record_events([line.raw], recorded_at=ws.NOW)
    where = json.loads(run("where", "PHONE", "main", "1.0", "--serials", "--json"))
    assert (where["units"], where["in_plant"], where["serials"]) == (1, 1, ["U1"])
    assert "at PER-1: 1" in run("where", "PHONE", "main", "1.0")
