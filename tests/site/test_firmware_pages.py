"""Firmware by page and API: registering, signing, withdrawing, and who sees what."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from floor import workshop as ws
from karkhana.design.firmware.rules import MAX_BYTES
from karkhana.design.models import FirmwareImage
from karkhana.design.operations import set_agreement
from karkhana.floor.operations import record_events
from karkhana.partners.operations import add_member, enroll_signatory, ensure_agreement, ensure_party
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.usefixtures("rolled_back")
BYTES = b"firmware one"
SHA = hashlib.sha256(BYTES).hexdigest()
FORM = {"product": "PHONE", "target": "main", "version": "1.0", "notes": "First\r\nline", "markets": "in, np"}
API = "/api/design/firmware"


def client(name: str, role: str) -> Client:
    user, _ = get_user_model().objects.get_or_create(username=name)
    user.groups.set([ensure_roles()[role]])
    found = Client()
    found.force_login(user)
    return found


@pytest.fixture
def engineer(rolled_back: None) -> Client:
    return client("meera", "engineer")


@pytest.fixture
def partners(rolled_back: None) -> tuple[Client, Client]:
    """Two partners who both approve PHONE's firmware; neither sees TABLET."""
    today = timezone.now().date()
    for code, kind in (("MAKER", "maker"), ("PARTNER", "partner")):
        ensure_party(code=code, name=code, kind=kind)
    ensure_agreement(
        code="HUB", title="Hub", kind="alliance", starts_on=today, ends_on=None,
        parties={"MAKER": ["firmware"], "PARTNER": ["firmware"]},
    )  # fmt: skip
    set_agreement(code="PHONE", agreement="HUB", design_owner="joint")
    made = []
    for party, role in (("MAKER", "engineer"), ("PARTNER", "partner")):
        name = f"signs-{party}"
        made.append(client(name, role))
        user = get_user_model().objects.get(username=name)
        add_member(party=party, user=user)
        enroll_signatory(party=party, name=name, now=timezone.now(), user=user, passphrase=f"{party} opens")
    return made[0], made[1]


def upload(visitor: Client, data: bytes | None = BYTES, **more: str) -> Any:
    file = {} if data is None else {"file": SimpleUploadedFile("main.bin", data)}
    return visitor.post("/design/firmware/add/", {**FORM, **more, **file})


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_from_the_upload_to_a_unit_on_hold(partners: tuple[Client, Client], engineer: Client) -> None:
    answer = upload(engineer)
    image = FirmwareImage.objects.get()
    page = f"/design/firmware/{image.pk}/"
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert (image.notes, image.markets, image.requested_by.username) == ("First\nline", ["IN", "NP"], "meera")
    for party, visitor in zip(("MAKER", "PARTNER"), partners, strict=True):
        assert f"Approve for {party}" in text(visitor.get(page))
        fields = {"stated_hash": image.content_hash, "passphrase": "not this", "decision": "approved"}
        assert "approval.passphrase" in text(visitor.post(f"{page}approve/", fields))
        signed = visitor.post(f"{page}approve/", {**fields, "passphrase": f"{party} opens"})
        assert signed.status_code == 302
    image.refresh_from_db()
    assert image.state == "approved"
    assert "Approve for" not in text(partners[0].get(page))

    # The workshop's own phone reports other bytes under this version, so that nothing may be written.
    lines = [line.raw for line in ws.lines(ws.PERSONAL)]
    outcomes = record_events(lines, recorded_at=ws.NOW)
    assert outcomes[-1].refusal is not None
    assert outcomes[-1].refusal.code == "firmware.not_approved"

    assert partners[1].post(f"{page}act/", {"action": "withdraw", "reason": "x"}).status_code == 403
    assert "firmware.reason" in text(engineer.post(f"{page}act/", {"action": "withdraw", "reason": " "}))
    assert engineer.post(f"{page}act/", {"action": "withdraw", "reason": "It reboots"}).status_code == 302
    shown = text(engineer.get(page))
    assert "It reboots" in shown
    assert "Withdraw this version" not in shown
    assert 'href="/design/firmware/"' in shown


def test_a_unit_page_and_the_lists_say_that_it_is_held(engineer: Client) -> None:
    for line in ws.lines(ws.PERSONAL):
        assert record_events([line.raw], recorded_at=ws.NOW)[0].status == "accepted"
    hold = "08:30  DOCK-1  hold firmware PHONE main=1.0 as H1  accepted"
    (line,) = ws.lines(hold)
    record_events([line.raw], recorded_at=ws.NOW)
    unit = text(engineer.get("/units/U1/"))
    assert "on hold" in unit
    assert "H1" in unit
    assert ">U1<" in text(engineer.get("/units/?held=1&product=PHONE"))
    everything = text(engineer.get("/units/?product=PHONE"))
    assert everything.count("▲") == 1
    assert ">U1<" not in text(engineer.get("/units/?held=1&product=MAIN"))
    (line,) = ws.lines("08:31  DOCK-1  release H1  accepted")
    record_events([line.raw], recorded_at=ws.NOW)
    assert ">U1<" not in text(engineer.get("/units/?held=1&product=PHONE"))


@pytest.mark.parametrize(
    ("data", "more", "code"),
    [
        (BYTES, {"sha256": "ab" * 32}, "firmware.hash_mismatch"),
        (BYTES, {"size": "7"}, "firmware.size_mismatch"),
        (None, {"size": "many"}, "firmware.field"),
        (None, {}, "firmware.field"),
        (b"", {}, "firmware.too_large"),
        (BYTES, {"product": "NONE"}, "product.unknown"),
        (BYTES, {"product": "P\x00"}, "product.unknown"),
        (BYTES, {"target": "a\x00b"}, "firmware.field"),
        (BYTES, {"revisions": "A\x00"}, "firmware.field"),
        (BYTES, {"markets": "INDIA"}, "firmware.field"),
        (BYTES, {"revisions": "Q"}, "revision.unknown"),
        (BYTES, {"notes": "\x00"}, "firmware.field"),
        (BYTES, {"size": "9" * 40}, "firmware.field"),
        (BYTES, {"size": "١"}, "firmware.field"),
    ],
)
def test_a_form_that_is_refused_comes_back_filled_in(
    engineer: Client, data: bytes | None, more: dict[str, str], code: str
) -> None:
    answer = upload(engineer, data, **more)
    assert answer.status_code == 422
    assert code in text(answer)
    assert 'name="version" required value="1.0"' in text(answer)
    assert not FirmwareImage.objects.exists()


def test_an_upload_above_the_limit_is_refused_unread(engineer: Client) -> None:
    file = SimpleUploadedFile("big.bin", b"x")
    file.size = MAX_BYTES + 1
    from karkhana.floor.firmware.forms import read_upload
    from karkhana.kernel.refusals import Refused

    with pytest.raises(Refused) as caught:
        read_upload(file)
    assert caught.value.refusal.code == "firmware.too_large"
    assert file.tell() == 0


def test_a_manifest_by_page(engineer: Client) -> None:
    rows = [{"file": "main.bin", "target": "main", "version": "2", "sha256": SHA}]

    def send(files: list[tuple[str, bytes]], said: Any = rows) -> Any:
        return engineer.post(
            "/design/firmware/manifest/",
            {
                "product": "PHONE",
                "manifest": SimpleUploadedFile("m.json", json.dumps(said).encode()),
                "files": [SimpleUploadedFile(name, data) for name, data in files],
            },
        )

    wrong = send([("main.bin", b"spoilt")])
    assert wrong.status_code == 422
    assert "m.json image 1: main.bin has the SHA-256" in text(wrong)
    assert "firmware.file_unused" in text(send([("main.bin", BYTES), ("main.bin", BYTES)]))
    assert "firmware.manifest" in text(engineer.post("/design/firmware/manifest/", {"product": "PHONE"}))
    assert not FirmwareImage.objects.exists()
    done = send([("main.bin", BYTES)])
    assert (done.status_code, done["Location"]) == (302, "/design/firmware/?product=PHONE")
    assert FirmwareImage.objects.get().version == "2"


def test_drafts_are_released_or_discarded_by_an_engineer(engineer: Client) -> None:
    upload(engineer)
    number = FirmwareImage.objects.get().pk
    act = f"/design/firmware/{number}/act/"
    assert engineer.post(act, {"action": "discard"})["Location"] == "/design/firmware/"
    upload(engineer)
    number = FirmwareImage.objects.get().pk
    act = f"/design/firmware/{number}/act/"
    assert engineer.post(act, {"action": "release"}).status_code == 302
    assert "firmware.state" in text(engineer.post(act, {"action": "discard"}))
    assert "without a signature" in text(engineer.get("/design/firmware/"))
    file = engineer.get(f"/design/firmware/{number}/file/")
    assert (file.content, file["Content-Disposition"]) == (
        BYTES, 'attachment; filename="PHONE-main-1.0.bin"',
    )  # fmt: skip


def test_a_partner_sees_only_what_is_theirs(partners: tuple[Client, Client], engineer: Client) -> None:
    upload(engineer)
    upload(engineer, product="TABLET")
    mine, others = (FirmwareImage.objects.get(product__code=code).pk for code in ("PHONE", "TABLET"))
    _, partner = partners
    listed = text(partner.get("/design/firmware/"))
    assert "PHONE" in listed
    assert "TABLET" not in listed
    for page in ("", "file/"):
        assert partner.get(f"/design/firmware/{mine}/{page}").status_code == 200
        assert partner.get(f"/design/firmware/{others}/{page}").status_code == 404
    assert partner.post(f"/design/firmware/{others}/approve/", {}).status_code == 404
    assert "No image fits" in text(partner.get("/design/firmware/?product=TABLET"))
    assert upload(partner, product="TABLET").status_code == 422
    assert upload(partner, version="1.1").status_code == 302
    assert {row["product"] for row in partner.get(API).json()} == {"PHONE"}
    assert partner.get(f"{API}/{others}").status_code == 404
    assert partner.get(f"{API}?product=TABLET").status_code == 404
    for verb in ("release", "withdraw"):
        body = json.dumps({"reason": "x"})
        assert partner.post(f"{API}/{mine}/{verb}", body, content_type="application/json").status_code == 403
    assert partner.delete(f"{API}/{mine}").status_code == 403


def test_the_api_from_registering_to_withdrawing(engineer: Client) -> None:
    said = engineer.post(API, {**FORM, "file": SimpleUploadedFile("main.bin", BYTES)})
    assert said.status_code == 201, said.content
    made = said.json()
    assert (made["state"], made["sha256"], made["markets"]) == ("draft", SHA, ["IN", "NP"])
    one = f"{API}/{made['number']}"
    assert engineer.get(one).json() == made
    assert engineer.get(f"{one}/file").content == BYTES
    assert engineer.post(f"{one}/release").json()["unsigned"] is True
    body = json.dumps({"reason": "It reboots", "station": "DOCK-1"})
    withdrawn = engineer.post(f"{one}/withdraw", body, content_type="application/json").json()
    assert (withdrawn["state"], withdrawn["withdrawn_by"]) == ("withdrawn", "meera")
    where = engineer.get(f"{one}/where").json()
    assert where == {"units": 0, "in_plant": 0, "shipped": 0, "by_state": [], "by_station": []}
    assert engineer.get(f"{one}/units?state=packed&after=x").json() == {"units": [], "after": None}
    assert engineer.delete(one).status_code == 422
    again = engineer.post(API, {**FORM, "version": "9", "sha256": SHA, "size": "12", "location": "x"})
    assert engineer.delete(f"{API}/{again.json()['number']}").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "/999999", None, 404),
        ("get", "/X", None, 422),
        ("get", "/-1", None, 404),
        ("get", f"/{10**30}", None, 404),
        ("post", "/999999/release", {}, 404),
        ("post", "/1/approve", {}, 422),
        ("post", "/1/approve-signed", {"stated_hash": "", "public_key": "", "signature": "",
                                       "signed_at": "2026-01-01T00:00:00"}, 422),
        ("post", "/1/withdraw", {"reason": 7}, 422),
        ("post", "", {}, 422),
        ("post", "/manifest", {}, 422),
    ],
)  # fmt: skip
def test_odd_requests_are_refused_not_broken(
    engineer: Client, method: str, path: str, body: Any, status: int
) -> None:
    more = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    answer = getattr(engineer, method)(API + path, **more)
    assert answer.status_code == status, answer.content
    assert "refusal" in answer.json()


def test_a_signature_from_elsewhere_by_api(partners: tuple[Client, Client], engineer: Client) -> None:
    upload(engineer)
    image = FirmwareImage.objects.get()
    body = {
        "stated_hash": image.content_hash, "public_key": "\x00" * 64, "signature": "\x00",
        "signed_at": dt.datetime.now(dt.UTC).isoformat(),
    }  # fmt: skip
    answer = engineer.post(
        f"{API}/{image.pk}/approve-signed", json.dumps(body), content_type="application/json"
    )
    assert answer.json()["refusal"]["code"] == "approval.no_signatory"
    mine = {"stated_hash": image.content_hash, "passphrase": "MAKER opens", "comment": "\x00"}
    answer = partners[0].post(f"{API}/{image.pk}/approve", json.dumps(mine), content_type="application/json")
    assert answer.json()["refusal"]["code"] == "approval.comment"
    mine["comment"] = "good"
    answer = partners[0].post(f"{API}/{image.pk}/approve", json.dumps(mine), content_type="application/json")
    assert answer.json()["approved_by"] == ["MAKER"]
