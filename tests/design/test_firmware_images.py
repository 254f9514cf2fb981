"""Firmware images: registered by their bytes, approved by signature, and what a release may name of them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction

from karkhana.design.approvals import rules as approval_rules
from karkhana.design.firmware import operations as firmware
from karkhana.design.firmware.manifest import read_manifest
from karkhana.design.firmware.queries import board_of, find_image, image_subject, images
from karkhana.design.firmware.rules import ImageSpec, content_hash
from karkhana.design.models import Approval, FirmwareImage, Product, Revision, StoredFile
from karkhana.design.operations import (
    create_revision,
    ensure_product,
    release_reviewed,
    release_revision,
    set_agreement,
    submit_revision,
)
from karkhana.design.plan import Plan, PlanStep
from karkhana.design.release import FirmwareRule, ReleasePackage, Step
from karkhana.kernel.refusals import Refused
from karkhana.partners import signing
from karkhana.partners.operations import (
    enroll_signatory,
    ensure_agreement,
    ensure_brand,
    ensure_party,
)

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 9, tzinfo=dt.UTC)
BYTES = b"firmware one"
SHA = hashlib.sha256(BYTES).hexdigest()
KEY: dict[str, Any] = {"product": "WATCH", "target": "main", "version": "1.0"}
SPEC = ImageSpec(**KEY, notes="first", markets=("IN", "NP"))


def user(name: str) -> Any:
    return get_user_model().objects.get_or_create(username=name)[0]


@pytest.fixture(autouse=True)
def watch() -> None:
    """A product of a brand, under no agreement, with a draft revision A."""
    ensure_brand(code="ACME", name="Acme")
    ensure_product(code="WATCH", name="Watch", brand="ACME", segment="wearable")
    create_revision(product_code="WATCH", revision_code="A", now=NOW)


@pytest.fixture
def joint(watch: None) -> None:
    """The product under an agreement by which both partners approve firmware, each with a signatory."""
    for code, kind in (("MAKER", "maker"), ("PARTNER", "partner")):
        ensure_party(code=code, name=code, kind=kind)
    ensure_agreement(
        code="HUB", title="Hub", kind="alliance", starts_on=NOW.date(), ends_on=None,
        parties={"MAKER": ["firmware"], "PARTNER": ["firmware"]},
    )  # fmt: skip
    set_agreement(code="WATCH", agreement="HUB", design_owner="joint")
    for code in ("MAKER", "PARTNER"):
        enroll_signatory(party=code, name=code, now=NOW, user=user(code.lower()), passphrase=f"{code} opens")


def code_of(call: Any, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(Refused) as caught, transaction.atomic():
        call(*args, **kwargs)
    assert "{" not in caught.value.refusal.message
    return caught.value.refusal.code


def register(spec: ImageSpec = SPEC, data: bytes | None = BYTES, **more: Any) -> FirmwareImage:
    return firmware.register_image(spec=spec, user=user("meera"), now=NOW, data=data, **more)


def sign(party: str, **more: Any) -> approval_rules.Standing:
    image = find_image(**KEY)
    given = {"stated_hash": image.content_hash, "passphrase": f"{party} opens", **more}
    return firmware.approve_image(**KEY, user=user(party.lower()), now=NOW, **given)


# Registering.


def test_bytes_are_stored_under_their_hash() -> None:
    image = register()
    assert (image.sha256, image.size, image.state) == (SHA, len(BYTES), "draft")
    assert bytes(StoredFile.objects.get(pk=SHA).content) == BYTES
    assert image.content_hash == content_hash(replace(SPEC, sha256=SHA, size=len(BYTES)))
    assert register().pk == image.pk, "the same once more changes nothing"


def test_a_large_image_is_registered_by_its_hash_alone() -> None:
    spec = replace(SPEC, sha256=SHA, size=10**10, location="https://build.example/watch/1.0")
    image = register(spec, None)
    assert (image.file, image.size, image.location) == (None, 10**10, spec.location)


@pytest.mark.parametrize(
    ("change", "data", "code"),
    [
        ({"sha256": "ab" * 32}, BYTES, "firmware.hash_mismatch"),
        ({"size": 3}, BYTES, "firmware.size_mismatch"),
        ({}, b"", "firmware.too_large"),
        ({"product": "NONE"}, BYTES, "product.unknown"),
        ({"revisions": ("A", "Z")}, BYTES, "revision.unknown"),
        ({}, None, "firmware.field"),
        ({"sha256": SHA}, None, "firmware.field"),
        ({"sha256": SHA.upper(), "size": 1}, None, "firmware.field"),
        ({"sha256": SHA, "size": 2**60}, None, "firmware.field"),
        ({"target": "a=b"}, BYTES, "firmware.field"),
        ({"target": ""}, BYTES, "firmware.field"),
        ({"version": " 1"}, BYTES, "firmware.field"),
        ({"version": "1\x00"}, BYTES, "firmware.field"),
        ({"target": "t" * 40, "version": "v" * 80}, BYTES, "firmware.field"),
        ({"notes": "\x00"}, BYTES, "firmware.field"),
        ({"notes": "\ud800"}, BYTES, "firmware.field"),
        ({"notes": "x" * 20_001}, BYTES, "firmware.field"),
        ({"location": "x" * 501}, BYTES, "firmware.field"),
        ({"markets": ("India",)}, BYTES, "firmware.field"),
        ({"revisions": ("x" * 21,)}, BYTES, "firmware.field"),
    ],
)
def test_what_cannot_be_registered(change: dict[str, Any], data: bytes | None, code: str) -> None:
    assert code_of(register, replace(SPEC, **change), data) == code
    assert not FirmwareImage.objects.exists()


def test_one_version_is_one_image() -> None:
    register()
    with pytest.raises(Refused, match="other bytes"):
        register(data=b"firmware two")
    with pytest.raises(Refused, match="other notes"):
        register(replace(SPEC, notes="second"))
    assert code_of(register, data=b"firmware two") == "firmware.version_taken"
    register(replace(SPEC, version="1.1"), b"firmware two")
    register(replace(SPEC, target="radio"), b"firmware two")
    assert FirmwareImage.objects.count() == 3


def test_a_draft_may_be_discarded_and_nothing_else() -> None:
    register()
    firmware.discard_image(**KEY)
    register(data=b"firmware two")
    firmware.release_image(**KEY, user=None, now=NOW)
    assert code_of(firmware.discard_image, **KEY) == "firmware.state"
    assert code_of(firmware.discard_image, **{**KEY, "version": "2"}) == "firmware.image_unknown"


# Manifests.


def manifest(*rows: dict[str, Any]) -> bytes:
    return json.dumps({"images": list(rows)}).encode()


ROW = {"file": "main.bin", "target": "main", "version": "1.0", "sha256": SHA, "size": len(BYTES),
       "markets": ["IN"], "notes": "first"}  # fmt: skip


def take(data: bytes, files: dict[str, bytes], name: str = "m.json") -> tuple[FirmwareImage, ...]:
    with transaction.atomic():
        return firmware.import_manifest(
            product="WATCH", rows=read_manifest(data, name), files=files, user=user("meera"), now=NOW
        )


def test_a_manifest_as_json_and_as_csv_says_the_same() -> None:
    (one,) = take(manifest(ROW), {"main.bin": BYTES})
    head = "file;target;version;sha256;size;markets;notes"
    text = f"{head}\nmain.bin;main;1.0;{SHA.upper()};{len(BYTES)};IN;first\n"
    (same,) = take(b"\xef\xbb\xbf" + text.encode(), {"main.bin": BYTES}, "m.csv")
    assert same == one
    assert (one.markets, one.notes, one.location) == (["IN"], "first", "")


def test_an_address_in_a_manifest_is_a_reference() -> None:
    row = {**ROW, "file": "https://build.example/main.bin", "markets": None, "revisions": "A"}
    (image,) = take(manifest(row), {})
    assert (image.file, image.location, image.markets, image.revisions) == (None, row["file"], [], ["A"])


def test_a_file_that_differs_from_its_manifest_is_refused_by_line_and_name() -> None:
    text = f"file,target,version,sha256\nmain.bin,main,1.0,{SHA}\nradio.bin,radio,1.0,{SHA}\n".encode()
    with pytest.raises(Refused) as caught:
        take(text, {"main.bin": BYTES, "radio.bin": b"spoilt"}, "m.csv")
    said = caught.value.refusal
    assert (said.code, said.fields["place"], said.fields["file"]) == (
        "firmware.hash_mismatch", "m.csv line 3", "radio.bin",
    )  # fmt: skip
    assert not FirmwareImage.objects.exists(), "all of a manifest or nothing"
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("data", "files", "code", "place"),
    [
        (manifest(ROW), {}, "firmware.file_missing", "m image 1"),
        (manifest(ROW), {"main.bin": BYTES, "x.bin": b"x"}, "firmware.file_unused", None),
        (manifest({**ROW, "size": 3}), {"main.bin": BYTES}, "firmware.size_mismatch", "m image 1"),
        (manifest({**ROW, "target": "a=b"}), {"main.bin": BYTES}, "firmware.field", "m image 1, "),
        (manifest({**ROW, "size": -1}), {}, "firmware.manifest", "m image 1"),
        (manifest({**ROW, "size": True}), {}, "firmware.manifest", "m image 1"),
        (manifest({**ROW, "size": 10**30}), {}, "firmware.manifest", "m image 1"),
        (manifest({**ROW, "markets": [1]}), {}, "firmware.manifest", "m image 1"),
        (manifest({**ROW, "file": 7}), {}, "firmware.manifest", "m image 1"),
        (manifest({**ROW, "sha256": ""}), {}, "firmware.manifest", "m image 1"),
        (manifest({**ROW, "colour": "red"}), {}, "firmware.manifest", "m image 1"),
        (manifest(ROW, ROW), {}, "firmware.manifest", "m image 2"),
        (b"[1]", {}, "firmware.manifest", "m image 1"),
        (b"[]", {}, "firmware.manifest", "m"),
        (b'{"images": 3}', {}, "firmware.manifest", "m"),
        (b"[" * 100_000, {}, "firmware.manifest", "m"),
        (b"\xff\xfe", {}, "firmware.manifest", "m"),
        (b"file\x00", {}, "firmware.manifest", "m"),
        (b"", {}, "firmware.manifest", "m"),
        (b"file,target,version,sha256\na,b,c,d,e\n", {}, "firmware.manifest", "m line 2"),
        (b"file,target,version,sha256\n" + b"a,b,c,d\n" * 501, {}, "firmware.manifest", "m"),
        (b"x" * (2**21 + 1), {}, "firmware.manifest", "m"),
    ],
)
def test_manifests_that_cannot_be_taken(
    data: bytes, files: dict[str, bytes], code: str, place: str | None
) -> None:
    with pytest.raises(Refused) as caught:
        take(data, files, "m")
    assert (caught.value.refusal.code, caught.value.refusal.fields.get("place")) == (code, place)


# Approving.


def test_it_is_approved_with_the_last_signature_and_not_before(joint: None) -> None:
    register()
    assert sign("MAKER").missing == {"PARTNER"}
    assert find_image(**KEY).state == "draft"
    assert sign("PARTNER").complete
    image = find_image(**KEY)
    assert (image.state, image.required, image.approved_at) == ("approved", ["MAKER", "PARTNER"], NOW)
    (view,) = images(Product.objects.all(), NOW.date())
    assert (view.approved_by, view.missing, view.unsigned) == (("MAKER", "PARTNER"), (), False)
    assert {row.valid for row in board_of(image, user("maker"), NOW.date()).rows} == {True}
    assert code_of(sign, "MAKER") == "firmware.state"


@pytest.mark.parametrize(
    ("party", "more", "code"),
    [
        ("MAKER", {"stated_hash": "0" * 64}, "approval.stale"),
        ("MAKER", {"passphrase": "wrong one"}, "approval.passphrase"),
        ("MAKER", {"decision": "maybe"}, "approval.decision"),
        ("NOBODY", {}, "approval.no_signatory"),
    ],
)
def test_a_signature_that_does_not_count(joint: None, party: str, more: dict[str, Any], code: str) -> None:
    register()
    assert code_of(sign, party, **more) == code
    assert not Approval.objects.exists()


def test_who_uploaded_it_does_not_approve_it(joint: None) -> None:
    firmware.register_image(spec=SPEC, user=user("maker"), now=NOW, data=BYTES)
    assert code_of(sign, "MAKER") == "approval.own_request"


def test_a_no_keeps_it_a_draft(joint: None) -> None:
    register()
    sign("MAKER")
    assert sign("PARTNER", decision="rejected", comment="reboots").rejected == {"PARTNER"}
    assert find_image(**KEY).state == "draft"
    (view,) = images(Product.objects.all(), NOW.date())
    assert (view.approved_by, view.rejected_by, view.missing) == (("MAKER",), ("PARTNER",), ())


def test_a_signature_made_elsewhere(joint: None) -> None:
    register()
    sign("MAKER")
    key, pem = signing.new_key(None)
    enroll_signatory(party="PARTNER", name="Priya", now=NOW, public_key=key)
    subject = image_subject(find_image(**KEY), NOW.date())
    text = approval_rules.statement(
        subject, party="PARTNER", signatory=key, decision="approved", comment="", at=NOW
    )
    given: dict[str, Any] = {
        **KEY, "public_key": key, "stated_hash": subject.content_hash, "signed_at": NOW, "now": NOW,
    }  # fmt: skip
    assert code_of(firmware.approve_image_signed, **given, signature="00" * 64) == "approval.signature"
    firmware.approve_image_signed(**given, signature=signing.sign(pem, None, text))
    assert find_image(**KEY).state == "approved"


def test_an_engineer_releases_only_where_nobody_else_has_a_say(joint: None) -> None:
    register()
    assert code_of(firmware.release_image, **KEY, user=None, now=NOW) == "firmware.needs_approval"
    set_agreement(code="WATCH", agreement=None, design_owner="maker")
    firmware.release_image(**KEY, user=user("meera"), now=NOW)
    (view,) = images(Product.objects.all(), NOW.date())
    assert (view.state, view.unsigned, view.released_by) == ("approved", True, "meera")


# What the database itself forbids.


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE design_firmwareimage SET sha256 = repeat('a', 64), file_id = NULL",
        "UPDATE design_firmwareimage SET notes = 'other'",
        "UPDATE design_firmwareimage SET markets = '{}'",
        "UPDATE design_firmwareimage SET version = '2'",
        "UPDATE design_firmwareimage SET content_hash = repeat('a', 64)",
        "UPDATE design_firmwareimage SET required = '{}'",
        "UPDATE design_firmwareimage SET state = 'draft', approved_at = NULL",
        "UPDATE design_firmwareimage SET state = 'withdrawn', withdrawn_at = now(), size = 1",
        "DELETE FROM design_firmwareimage",
        "UPDATE design_firmwareimage SET size = 1",
        "UPDATE design_firmwareimage SET approved_at = now()",
    ],
)
def test_an_approved_image_never_changes(joint: None, statement: str) -> None:
    register()
    sign("MAKER")
    sign("PARTNER")
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_nobody_writes_approved_without_the_signatures(joint: None) -> None:
    register()
    sign("MAKER")
    for required in ("{}", "{MAKER}", "{MAKER,PARTNER}"):
        with (
            pytest.raises(DatabaseError, match="not signed by PARTNER"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "UPDATE design_firmwareimage SET state = 'approved', approved_at = %s, required = %s",
                [NOW, required],
            )
    with pytest.raises(DatabaseError, match="begins as a draft"), transaction.atomic():
        FirmwareImage.objects.create(
            product=Product.objects.get(), target="x", version="1", sha256=SHA, size=1, created_at=NOW,
            content_hash=SHA, state="approved", approved_at=NOW,
        )  # fmt: skip


def test_a_withdrawn_one_stays_withdrawn() -> None:
    register()
    firmware.release_image(**KEY, user=None, now=NOW)
    firmware.withdraw_image(**KEY, reason="reboots", user=user("meera"), now=NOW)
    for change in ("state = 'approved', withdrawn_at = NULL", "withdrawn_reason = 'nothing'"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE design_firmwareimage SET {change}")


# Releasing what names it.


def package(*rules: FirmwareRule, markets: tuple[str, ...] = ()) -> ReleasePackage:
    return ReleasePackage(
        product="WATCH", revision="A", brand="ACME", segment="wearable", firmware=rules, markets=markets,
        steps=(Step(1, "Flash", "FLASH", "UnitsPersonalized", firmware=("main",)),),
    )  # fmt: skip


def release(*rules: FirmwareRule, markets: tuple[str, ...] = ()) -> Revision:
    return release_revision(
        product_code="WATCH", revision_code="A", package=package(*rules, markets=markets), released_at=NOW
    )


MAIN = FirmwareRule("main", "1.0", SHA, ("IN",))


@pytest.mark.parametrize(
    ("rule", "spec", "state", "code"),
    [
        (FirmwareRule("main", "1.1", SHA), SPEC, "approved", "firmware.not_registered"),
        (MAIN, SPEC, "draft", "firmware.not_approved"),
        (MAIN, SPEC, "withdrawn", "firmware.withdrawn"),
        (FirmwareRule("main", "1.0", "ab" * 32, ("IN",)), SPEC, "approved", "firmware.hash_mismatch"),
        (FirmwareRule("main", "1.0", SHA, ("IN", "DE")), SPEC, "approved", "firmware.wrong_market"),
        (FirmwareRule("main", "1.0", SHA), SPEC, "approved", "firmware.wrong_market"),
        (MAIN, replace(SPEC, revisions=("B",)), "approved", "firmware.wrong_revision"),
    ],
)
def test_a_release_names_only_what_is_registered_for_it(
    rule: FirmwareRule, spec: ImageSpec, state: str, code: str
) -> None:
    create_revision(product_code="WATCH", revision_code="B", now=NOW)
    register(spec)
    if state != "draft":
        firmware.release_image(**KEY, user=None, now=NOW)
    if state == "withdrawn":
        firmware.withdraw_image(**KEY, reason="reboots", user=None, now=NOW)
    with pytest.raises(Refused) as caught:
        release(rule)
    assert caught.value.refusal.code == code
    assert caught.value.refusal.fields["place"] == "WATCH A, firmware main"
    assert Revision.objects.get(code="A").package is None


def test_a_release_of_the_approved_image() -> None:
    register(replace(SPEC, revisions=("A",)))
    firmware.release_image(**KEY, user=None, now=NOW)
    other_target = FirmwareRule("radio", "7", "cd" * 32)
    assert release(FirmwareRule("main", "1.0", SHA), other_target, markets=("IN",)).package is not None


def test_without_any_image_a_product_of_ones_own_is_released_as_before() -> None:
    assert release(FirmwareRule("main", "9", "ef" * 32)).package is not None


def test_under_an_agreement_every_image_is_registered_before_review_and_release(joint: None) -> None:
    step = PlanStep(10, "Flash", "FLASH", "UnitsPersonalized", firmware=("main",))
    plan = Plan(steps=(step,), firmware=(MAIN,))
    create_revision(product_code="WATCH", revision_code="B", now=NOW, plan=plan)
    key: dict[str, Any] = {"product_code": "WATCH", "revision_code": "B", "now": NOW}
    assert code_of(submit_revision, **key, user=None) == "firmware.not_registered"
    register()
    assert code_of(submit_revision, **key, user=None) == "firmware.not_approved"
    sign("MAKER")
    sign("PARTNER")
    submit_revision(**key, user=None)
    firmware.withdraw_image(**KEY, reason="reboots", user=None, now=NOW)
    assert code_of(release_reviewed, **key) == "firmware.withdrawn"
