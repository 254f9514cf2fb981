"""A release as a file: any package comes back as it was, and nothing that was tampered with comes back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from design.office import ITEMS, NOW, PLAN, item, refused
from karkhana.design.approvals.rules import Subject, statement
from karkhana.design.compiling import compile_package
from karkhana.design.exchange import (
    Attachment,
    ReleaseFile,
    SignedApproval,
    build_release_file,
    read,
    read_release_file,
)
from karkhana.design.exchange.content import DERIVED, REQUIRED
from karkhana.design.families import FAMILIES, family_plan
from karkhana.design.release import (
    BomItem,
    ComplianceItem,
    Document,
    ReleasePackage,
    Source,
    encode_package,
    package_hash,
)
from karkhana.partners import signing

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
DRAWING, CERTIFICATE = b"%PDF drawing", b"certificate"
SHA = [hashlib.sha256(content).hexdigest() for content in (DRAWING, CERTIFICATE, b"elsewhere")]


def package(plan: Any = PLAN, items: tuple[BomItem, ...] = ITEMS) -> ReleasePackage:
    plan = msgspec.structs.replace(
        plan,
        documents=(Document("a.pdf", "drawing", SHA[0], len(DRAWING)), Document("b.pdf", "drawing", SHA[2])),
        compliance=(ComplianceItem("BIS", "Registration", evidence=SHA[1]),),
    )
    return compile_package(
        product="BOARD", revision="A", brand="ACME", segment="iot", plan=plan, items=items
    )[0]


def approval(data: bytes, **changes: Any) -> SignedApproval:
    """Sign a release, or something like it."""
    about = {"kind": "revision", "name": "BOARD:A", "content_hash": package_hash(data)}
    said = {"party": "PARTNER", "decision": "approved", "comment": "", "at": NOW}
    subject = Subject(
        **{key: changes.get(key, value) for key, value in about.items()},
        required=frozenset(), requested_by=None,
    )  # fmt: skip
    public = signing.public_of(KEY)
    text = statement(
        subject, signatory=public, **{key: changes.get(key, value) for key, value in said.items()}
    )
    return SignedApproval("PARTNER", "Li", public, text.decode(), KEY.sign(text).hex())


def release(found: ReleasePackage | None = None, *approvals: SignedApproval) -> ReleaseFile:
    found = found or package()
    data = encode_package(found)
    return ReleaseFile(
        data=data,
        package=found,
        name="Board",
        approvals=approvals or (approval(data),),
        documents={SHA[0]: Attachment(DRAWING, "application/pdf"), SHA[1]: Attachment(CERTIFICATE)},
    )


FILE = build_release_file(release())


def members(data: bytes = FILE) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(content: dict[str, bytes] | list[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in content.items() if isinstance(content, dict) else content:
            archive.writestr(name, inside)
    return out.getvalue()


def tampered(
    changes: dict[str, bytes | None], manifest: Callable[[dict[str, Any]], None] | None = None
) -> bytes:
    """Return the file with members changed, and a manifest that fits them as far as it is not changed too."""
    found = {name: content for name, content in (members() | changes).items() if content is not None}
    said = json.loads(found["manifest.json"])
    if changes.keys() & {"manifest.json"}:
        return zipped(found)
    said["members"] = {
        name: {**said["members"].get(name, {"media_type": ""}), "size": len(content),
               "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in found.items() if name != "manifest.json"
    }  # fmt: skip
    if "package.json" in said["members"]:
        said["hash"] = said["members"]["package.json"]["sha256"]
    if manifest:
        manifest(said)
    return zipped(found | {"manifest.json": json.dumps(said).encode()})


def test_a_release_comes_back_as_it_went_and_has_the_same_bytes_each_time() -> None:
    went = release()
    assert build_release_file(went) == FILE
    assert read_release_file(FILE) == went
    assert set(members()) == {*REQUIRED, f"documents/{SHA[0]}", f"documents/{SHA[1]}"}
    assert package_hash(members()["package.json"]) == package_hash(went.data)
    assert package_hash(went.data) in members()["README.txt"].decode()
    assert json.loads(members()["manifest.json"])["absent"] == [SHA[2]]


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=12)
ITEM = st.builds(
    BomItem,
    number=st.integers(1, 2**31 - 1),
    part=TEXT,
    manufacturer=TEXT,
    description=TEXT,
    value=TEXT,
    package=TEXT,
    quantity=st.decimals("0.000001", 1000, places=6, allow_nan=False),
    mechanical=st.booleans(),
    approved_manufacturers=st.lists(TEXT, max_size=2).map(tuple),
    alternates=st.lists(
        st.builds(Source, TEXT, st.text("abc", min_size=1, max_size=3)),
        max_size=2, unique_by=lambda one: (one.part, " ".join(one.manufacturer.split()).casefold()),
    ).map(tuple),
    assembly=st.none() | st.just(("LOW", "A")),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(st.sampled_from(FAMILIES), st.lists(ITEM, max_size=6, unique_by=lambda line: line.number))
def test_any_package_keeps_its_hash(family: str, items: list[BomItem]) -> None:
    from karkhana.design.release import check_package

    plan = family_plan(family=family, product="BOARD")
    found = package(plan, tuple(items))
    went = release(found)
    if check_package(found):
        with refused("release.invalid"):
            read_release_file(build_release_file(went))
        return
    came = read_release_file(build_release_file(went))
    assert came.data == went.data
    assert came.package == found
    assert package_hash(came.data) == package_hash(encode_package(found))


def test_no_cell_is_a_formula() -> None:
    evil = item(
        1, "=1+1", description="@SUM(A1)", value="+1", manufacturer="-2", alternates=(Source("", "\t=cmd"),)
    )
    inside = members(build_release_file(release(package(items=(evil,)))))
    (_, row) = csv.reader(io.StringIO(inside["bom.csv"].decode(), newline=""))
    assert row[1:5] == ["'=1+1", "'-2", "'@SUM(A1)", "'+1"]
    assert row[10].startswith("'")
    sheet = load_workbook(io.BytesIO(inside["bom.xlsx"])).worksheets[0]
    assert [cell.data_type for cell in sheet[2]][1:5] == ["s", "s", "s", "s"]
    assert [cell.value for cell in sheet[2]][1] == "=1+1"


def test_the_bill_in_it_can_be_read_as_a_bill() -> None:
    from karkhana.design.bom import read_bom

    report = read_bom(members()["bom.csv"], file_name="bom.csv")
    assert [(line.part_number, line.quantity) for line in report.lines] == [("CAP", 2), ("MCU", 1)]


@pytest.mark.parametrize("name", sorted(set(REQUIRED)))
def test_a_member_that_is_missing_is_named(name: str) -> None:
    with refused("exchange.missing") as said:
        read_release_file(zipped({other: inside for other, inside in members().items() if other != name}))
    assert said["member"] == name


@pytest.mark.parametrize("name", sorted({*DERIVED, "package.json", "README.txt", f"documents/{SHA[0]}"}))
def test_a_member_that_was_changed_is_named(name: str) -> None:
    with refused("exchange.hash") as said:
        read_release_file(zipped(members() | {name: members()[name] + b" "}))
    assert said["member"] == name


@pytest.mark.parametrize("name", sorted(DERIVED))
def test_a_file_for_people_must_say_what_the_package_says(name: str) -> None:
    with refused("exchange.derived") as said:
        read_release_file(tampered({name: members()[name].replace(b"CAP", b"RES") + b" "}))
    assert said["member"] == name


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "/etc/passwd", "documents/../package.json", "C:\\x", "documents/x", "notes.txt",
     "documents/", f"documents/{'0' * 64}/x", "PACKAGE.JSON"],
)  # fmt: skip
def test_a_name_that_does_not_belong_is_refused(name: str) -> None:
    with refused("exchange.member") as said:
        read_release_file(zipped(members() | {name: b"x"}))
    assert said["member"] == name


def test_a_member_that_is_there_twice_is_refused() -> None:
    inside = [*members().items(), ("package.json", b"{}")]
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = zipped(inside)
    with refused("exchange.member") as said:
        read_release_file(data)
    assert said["member"] == "package.json"


def test_documents_are_those_that_the_package_names() -> None:
    with refused("exchange.member") as said:
        other = hashlib.sha256(b"other").hexdigest()
        read_release_file(tampered({f"documents/{other}": b"other"}))
    assert said["member"] == f"documents/{other}"
    with refused("exchange.hash") as said:
        read_release_file(tampered({f"documents/{SHA[0]}": b"another drawing"}))
    assert said["member"] == f"documents/{SHA[0]}"
    with refused("exchange.missing") as said:
        read_release_file(tampered({f"documents/{SHA[0]}": None}))
    assert said["member"] == f"documents/{SHA[0]}"
    with refused("exchange.member"):
        read_release_file(zipped(members() | {f"documents/{SHA[2]}": b"elsewhere"}))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "exchange.not_zip"),
        (b"PK\x03\x04", "exchange.not_zip"),
        (b"no zip at all" * 100, "exchange.not_zip"),
        (FILE[: len(FILE) // 2], "exchange.not_zip"),
        (zipped({}), "exchange.missing"),
        (FILE.replace(b"package.json", b"package.jso\x00"), "exchange.member"),
        (zipped({**members(), "manifest.json": b"[" * 100_000}), "exchange.manifest"),
        (zipped({**members(), "manifest.json": b"\xff"}), "exchange.manifest"),
        (zipped({**members(), "manifest.json": b"{}"}), "exchange.manifest"),
        (tampered({}, lambda said: said.update(version=2)), "exchange.manifest"),
        (tampered({}, lambda said: said.update(format="other")), "exchange.manifest"),
        (tampered({}, lambda said: said.update(name="\x00")), "exchange.manifest"),
        (tampered({}, lambda said: said.update(hash="0" * 64)), "exchange.hash"),
        (tampered({}, lambda said: said.update(product="OTHER")), "exchange.package"),
        (tampered({}, lambda said: said.update(brand="OTHER")), "exchange.package"),
        (tampered({}, lambda said: said["members"].pop("bom.csv")), "exchange.member"),
        (tampered({}, lambda said: said["members"].update(more={"sha256": "", "size": 0})),
         "exchange.missing"),
        (tampered({}, lambda said: said["members"]["bom.csv"].update(media_type="\n")), "exchange.manifest"),
        (tampered({"package.json": b"{}"}), "exchange.package"),
        (tampered({"package.json": b"[" * 100_000}), "exchange.package"),
        (tampered({"package.json": members()["package.json"].replace(b'"iot"', b"1e999")}),
         "exchange.package"),
        (tampered({"package.json": members()["package.json"].replace(b"}]", b',"x":1}]', 1)}),
         "exchange.package"),
        (tampered({"approvals.json": b'[{"party":1}]'}), "exchange.approval"),
        (tampered({"approvals.json": b"[" * 100_000}), "exchange.approval"),
    ],
)  # fmt: skip
def test_a_broken_file_is_refused_by_its_member(data: bytes, code: str) -> None:
    with refused(code) as said:
        read_release_file(data)
    assert code == "exchange.not_zip" or said["member"]


@pytest.mark.parametrize(
    "change",
    [{"repair_limit": -1}, {"markets": ("India",)}, {"product": "BO\x00RD"}, {"steps": ()},
     {"bom": (item(1, "CAP", "C1", quantity=Decimal(0)),)}, {"bom": (item(0, "CAP"),)}],
)  # fmt: skip
def test_a_package_that_could_not_be_released_is_refused(change: dict[str, Any]) -> None:
    wrong = msgspec.structs.replace(package(), **change)
    with refused("release.invalid"):
        read_release_file(build_release_file(release(wrong)))


def test_bombs_are_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    with refused("exchange.too_large") as said:
        read_release_file(zipped(members() | {"README.txt": b"\0" * (read.MEMBER_MAX + 1)}))
    assert said["member"] == "README.txt"
    with refused("exchange.too_large"):
        read_release_file(zipped(members() | {"README.txt": b"\0" * (read.RATIO_FREE + 1)}))
    monkeypatch.setattr(read, "TOTAL_MAX", 4000)
    with refused("exchange.too_large"):
        read_release_file(FILE)
    monkeypatch.setattr(read, "MEMBERS_MAX", 3)
    with refused("exchange.too_large"):
        read_release_file(FILE)
    monkeypatch.setattr(read, "FILE_MAX", 10)
    with refused("exchange.too_large"):
        read_release_file(FILE)


def test_a_header_that_lies_about_a_length_does_not_help() -> None:
    """The central directory says 10 bytes; what is behind it is longer."""
    small, big = zipped({"README.txt": b"0123456789"}), zipped({"README.txt": b"0" * 5_000_000})
    at, real = big.rindex(b"PK\x01\x02"), small.rindex(b"PK\x01\x02")
    lying = big[: at + 24] + small[real + 24 : real + 28] + big[at + 28 :]
    with refused("exchange.not_zip"):
        read_release_file(lying)


DATA = encode_package(package())


@pytest.mark.parametrize(
    "wrong",
    [
        approval(DATA, name="BOARD:B"),
        approval(DATA, kind="change_order"),
        approval(DATA, content_hash="0" * 64),
        approval(DATA, decision="rejected"),
        approval(DATA, party="OTHER"),
        approval(DATA, comment="\x00"),
        approval(DATA, comment="x" * 2001),
        msgspec.structs.replace(approval(DATA), party="MAKER"),
        msgspec.structs.replace(approval(DATA), signature="00" * 64),
        msgspec.structs.replace(approval(DATA), public_key="11" * 32),
        msgspec.structs.replace(approval(DATA), statement=approval(DATA).statement.replace('":"', '": "', 1)),
        msgspec.structs.replace(approval(DATA), statement=approval(DATA).statement.replace("2026", "9999")),
        msgspec.structs.replace(approval(DATA), statement=approval(DATA).statement.replace("T09", "T99")),
        msgspec.structs.replace(approval(DATA), statement="{"),
    ],
)
def test_an_approval_that_does_not_hold_is_refused(wrong: SignedApproval) -> None:
    with refused("exchange.approval") as said:
        read_release_file(build_release_file(release(None, wrong)))
    assert said["member"] == "approvals.json"


def test_an_approval_counts_once() -> None:
    with refused("exchange.approval"):
        read_release_file(build_release_file(release(None, approval(DATA), approval(DATA))))
