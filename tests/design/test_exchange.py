"""A release goes from one plant's database to another's and is the same there."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from typing import Any

import msgspec
import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from design import office
from design.office import NOW, item, refused
from floor.databases import own_database
from karkhana.design import operations as design
from karkhana.design.approvals.queries import given_for
from karkhana.design.models import Approval, Product, Revision, StoredFile
from karkhana.design.queries import bill_of, find_revision, released_package, where_used
from karkhana.design.release import ComplianceItem, Document
from karkhana.partners.models import Brand, Signatory
from karkhana.partners.operations import enroll_signatory, ensure_party

DRAWING = b"%PDF drawing"
SHA = hashlib.sha256(DRAWING).hexdigest()
ABSENT = hashlib.sha256(b"elsewhere").hexdigest()
PLAN = msgspec.structs.replace(
    office.PLAN,
    documents=(Document("a.pdf", "drawing", SHA, len(DRAWING)),),
    compliance=(ComplianceItem("BIS", "Registration", evidence=ABSENT),),
)
BOARD: dict[str, Any] = {"product_code": "BOARD", "revision_code": "A"}


def joint_release() -> tuple[bytes, str, list[tuple[str, str]]]:
    """Release a board that two partners approved; return its file, hash and the keys that signed."""
    StoredFile.objects.create(
        sha256=SHA, size=len(DRAWING), content=DRAWING, media_type="application/pdf", stored_at=NOW
    )
    office.product(agreement=office.alliance())
    office.submitted(plan=PLAN)
    office.approve("asha", comment="seen")
    office.approve("li")
    found = design.release_reviewed(**BOARD, now=NOW)
    keys = list(Signatory.objects.order_by("pk").values_list("party__code", "public_key"))
    return design.export_release(**BOARD), found.package_hash or "", keys


@pytest.fixture(scope="module")
def file_of_another_plant(workshop_template: str, django_db_blocker: Any) -> tuple[bytes, str, list[Any]]:
    """Return a release of another database."""
    with own_database(workshop_template, django_db_blocker):
        return joint_release()


@pytest.fixture
def exported(
    file_of_another_plant: tuple[bytes, str, list[Any]], rolled_back: None
) -> tuple[bytes, str, list[Any]]:
    """Return the release while this test stands on a database that has never heard of it."""
    return file_of_another_plant


def take(data: bytes, **more: Any) -> Any:
    return design.import_release(data=data, now=NOW, **more)


def test_it_is_the_same_in_another_database(exported: tuple[bytes, str, list[Any]]) -> None:
    data, digest, _ = exported
    assert not Product.objects.filter(code="BOARD").exists()
    Brand.objects.filter(code="ACME").update(name="Acme of here")
    done = take(data)
    assert (done.made, done.documents, done.approvals) == (True, 1, 0)
    assert done.strangers == ("MAKER", "PARTNER")
    found = find_revision("BOARD", "A")
    assert (found.state, found.package_hash) == ("released", digest)
    assert found.package is not None
    assert hashlib.sha256(found.package.encode()).hexdigest() == digest
    assert StoredFile.objects.get(pk=SHA).media_type == "application/pdf"
    assert [line.part for line in bill_of(("BOARD", "A"))] == ["CAP", "MCU"]
    assert [row[:2] for row in where_used("MCU")] == [("BOARD", "A")]
    assert Brand.objects.get(code="ACME").name == "Acme of here"
    with pytest.raises(DatabaseError), transaction.atomic():
        Revision.objects.filter(pk=found.pk).update(package_hash="0" * 64)
    # And a new revision can start from it.
    design.create_revision(product_code="BOARD", revision_code="B", now=NOW, copy_of=("BOARD", "A"))
    design.submit_revision(product_code="BOARD", revision_code="B", user=office.person("ravi"), now=NOW)


def test_importing_it_again_changes_nothing_and_what_goes_on_from_here_is_the_same(
    exported: tuple[bytes, str, list[Any]],
) -> None:
    data, digest, keys = exported
    enroll(keys)
    take(data)
    again = take(data)
    assert (again.made, again.documents, again.approvals) == (False, 0, 0)
    assert Revision.objects.filter(product__code="BOARD").count() == 1
    assert design.export_release(**BOARD) == data
    assert find_revision("BOARD", "A").package_hash == digest


def enroll(keys: list[Any]) -> None:
    names = {"MAKER": "Asha", "PARTNER": "Li"}
    for party, key in keys:
        ensure_party(code=party, name=party.title(), kind="maker" if party == "MAKER" else "partner")
        enroll_signatory(party=party, name=names[party], now=NOW, public_key=key)


def test_approvals_count_where_their_keys_are_enrolled(exported: tuple[bytes, str, list[Any]]) -> None:
    data, digest, keys = exported
    enroll(keys)
    done = take(data)
    assert (done.approvals, done.strangers) == (2, ())
    assert [(one.party, one.content_hash, one.decision) for one in given_for("revision", "BOARD:A")] == [
        ("MAKER", digest, "approved"), ("PARTNER", digest, "approved"),
    ]  # fmt: skip
    assert [row.comment for row in Approval.objects.order_by("pk")] == ["seen", ""]


def test_where_parties_must_approve_an_import_is_no_way_around(
    exported: tuple[bytes, str, list[Any]],
) -> None:
    data, _, keys = exported
    office.product(agreement=office.alliance())  # the same codes, but other people's keys
    with refused("approval.missing") as said:
        take(data)
    assert said["parties"] == "MAKER, PARTNER"
    assert not Revision.objects.filter(product__code="BOARD").exists()
    assert not StoredFile.objects.filter(pk=SHA).exists()
    enroll(keys[:1])
    with refused("approval.missing"):
        take(data)
    enroll(keys[1:])
    Signatory.objects.filter(public_key=keys[1][1]).update(revoked_at=NOW)
    with refused("approval.missing"):  # a key that is revoked here opens nothing
        take(data)


def test_a_brand_that_is_not_known_is_made_known_only_when_it_is_named(
    exported: tuple[bytes, str, list[Any]],
) -> None:
    data, _, _ = exported
    renamed = repacked(data, {"brand": "NOVA"})
    with refused("brand.unknown") as said:
        take(renamed)
    assert said["brand"] == "NOVA"
    with refused("brand.name"):
        take(renamed, brand_name="\x00")
    take(renamed, brand_name="Nova Devices")
    assert Brand.objects.get(code="NOVA").name == "Nova Devices"
    assert released_package(**BOARD).brand == "NOVA"  # type: ignore[union-attr]


def repacked(data: bytes, changes: dict[str, Any]) -> bytes:
    """Build the file anew with another package; its approvals are of the old one and left out."""
    from karkhana.design.exchange import ReleaseFile, build_release_file, read_release_file
    from karkhana.design.release import encode_package

    was = read_release_file(data)
    package = msgspec.structs.replace(was.package, **changes)
    return build_release_file(ReleaseFile(encode_package(package), package, was.name, (), was.documents))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"repair_limit": 9}, "release.immutable"),
        ({"revision": "B"}, "revision.exists"),
        ({"revision": "C", "bom": (item(1, "X", assembly=("NONE", "A")),)}, "bom.assembly_not_released"),
        ({"revision": "C", "bom": (item(1, "X", assembly=("BOARD", "C")),)}, "bom.circular"),
        ({"product": "THEIRS", "revision": "A"}, "product.other_brand"),
        ({"product": " X"}, "product.code"),
        ({"revision": "R" * 21}, "revision.code"),
        ({"brand": "B" * 41}, "brand.code"),
        ({"product": "NEW", "segment": "toaster"}, "product.segment"),
    ],
)
def test_what_does_not_fit_here_is_refused_and_changes_nothing(
    exported: tuple[bytes, str, list[Any]], changes: dict[str, Any], code: str
) -> None:
    data, _, _ = exported
    take(data)
    office.product("THEIRS", brand="OTHER")
    design.create_revision(product_code="BOARD", revision_code="B", now=NOW)
    before = (list(Product.objects.values()), list(Revision.objects.values()))
    with refused(code):
        take(repacked(data, changes))
    assert (list(Product.objects.values()), list(Revision.objects.values())) == before


def test_a_product_without_a_brand_is_given_to_the_releases(exported: tuple[bytes, str, list[Any]]) -> None:
    data, _, _ = exported
    design.ensure_product(code="BOARD", name="Unnamed", brand="UNASSIGNED", segment="iot")
    take(data)
    found = Product.objects.get(code="BOARD")
    assert (found.brand.code, found.name) == ("ACME", "Unnamed")


def test_only_what_is_released_goes_out(rolled_back: None) -> None:
    office.product()
    office.submitted()
    with refused("exchange.not_released"):
        design.export_release(**BOARD)
    with refused("revision.unknown"):
        design.export_release(product_code="BOARD", revision_code="Z")
    design.release_reviewed(**BOARD, now=NOW)
    design.end_revision(**BOARD, state="superseded", now=NOW)
    with zipfile.ZipFile(io.BytesIO(design.export_release(**BOARD))) as archive:
        assert json.loads(archive.read("approvals.json")) == []


def test_a_variant_and_an_assembly_go_over_one_after_the_other(
    workshop_template: str, django_db_blocker: Any
) -> None:
    with own_database(workshop_template, django_db_blocker):
        for code in ("LOW", "TOP"):
            office.product(code)
        office.released("LOW")
        office.released("TOP", items=(*office.ITEMS, item(9, "LOW", assembly=("LOW", "A"))))
        design.create_revision(product_code="TOP", revision_code="V", now=NOW, base=("TOP", "A"))
        design.save_line(product_code="TOP", revision_code="V", item=item(2, "MCU-48", "U1"))
        design.submit_revision(product_code="TOP", revision_code="V", user=office.person("ravi"), now=NOW)
        design.release_reviewed(product_code="TOP", revision_code="V", now=NOW)
        files = [
            design.export_release(product_code=product, revision_code=code)
            for product, code in (("LOW", "A"), ("TOP", "A"), ("TOP", "V"))
        ]
        hashes = set(Revision.objects.filter(product__code__in=["LOW", "TOP"]).values_list("package_hash"))
    with own_database(workshop_template, django_db_blocker):
        with refused("bom.assembly_not_released"):
            take(files[1])
        for data in files:
            take(data)
        assert find_revision("TOP", "V").base == find_revision("TOP", "A")
        found = set(Revision.objects.filter(product__code__in=["LOW", "TOP"]).values_list("package_hash"))
        assert found == hashes


@pytest.fixture
def file(exported: tuple[bytes, str, list[Any]]) -> bytes:
    """The file alone."""
    return exported[0]


def client(*roles: str) -> Client:
    from django.contrib.auth.models import Group

    user = office.person("-".join(roles) or "nobody")
    for role in roles:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    found = Client()
    found.force_login(user)
    return found


def upload(data: bytes) -> io.BytesIO:
    found = io.BytesIO(data)
    found.name = "release.zip"
    return found


def test_over_the_api(exported: tuple[bytes, str, list[Any]]) -> None:
    data, digest, _ = exported
    engineer = client("engineer")
    said = engineer.post("/api/design/import", {"file": upload(data)})
    assert said.status_code == 200, said.content
    assert said.json() == {
        "product": "BOARD", "revision": "A", "hash": digest, "made": True, "documents": 1, "approvals": 0,
        "unknown_signers": ["MAKER", "PARTNER"],
    }  # fmt: skip
    assert engineer.post("/api/design/import", {"file": upload(data)}).json()["made"] is False
    back = engineer.get("/api/design/revisions/BOARD/A/export")
    assert (back.status_code, back["Content-Type"]) == (200, "application/zip")
    assert 'filename="BOARD-A.zip"' in back["Content-Disposition"]
    inside = zipfile.ZipFile(io.BytesIO(back.content))
    assert hashlib.sha256(inside.read("package.json")).hexdigest() == digest
    bad = engineer.post("/api/design/import", {"file": upload(b"no zip")})
    assert (bad.status_code, bad.json()["refusal"]["code"]) == (422, "exchange.not_zip")
    assert engineer.get("/api/design/revisions/BOARD/Z/export").status_code in (404, 422)
    assert engineer.get("/api/design/revisions/BO~1ARD/A/export").status_code in (404, 422)


def test_people_of_partners_take_out_what_they_may_see_and_bring_nothing_in(file: bytes) -> None:
    take(file)
    partner = client("partner")
    assert partner.get("/api/design/revisions/BOARD/A/export").status_code in (404, 422)
    assert partner.get("/design/products/BOARD/A/export/").status_code == 404
    assert partner.post("/api/design/import", {"file": upload(file)}).status_code == 403
    assert partner.get("/design/import/").status_code == 403
    assert partner.post("/design/import/", {"file": upload(file)}).status_code == 403


def test_over_the_pages(file: bytes) -> None:
    engineer = client("engineer")
    assert "64" in engineer.get("/design/import/").content.decode()
    nothing = engineer.post("/design/import/")
    assert nothing.status_code == 422
    assert "exchange.no_file" in nothing.content.decode()
    unknown = engineer.post("/design/import/", {"file": upload(repacked(file, {"brand": "NOVA"}))})
    assert unknown.status_code == 422
    assert "brand.unknown" in unknown.content.decode()
    done = engineer.post("/design/import/", {"file": upload(file), "brand": ""})
    assert done.status_code == 200
    assert "/design/products/BOARD/A/" in done.content.decode()
    page = engineer.get("/design/products/BOARD/A/")
    assert "/design/products/BOARD/A/export/" in page.content.decode()
    sent = engineer.get("/design/products/BOARD/A/export/")
    assert sent["Content-Type"] == "application/zip"
    design.create_revision(product_code="BOARD", revision_code="B", now=NOW)
    assert engineer.get("/design/products/BOARD/B/export/").status_code == 422
    assert "/B/export/" not in engineer.get("/design/products/BOARD/B/").content.decode()
