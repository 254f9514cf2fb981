"""The API of products and revisions: the whole life of a product, every refusal's status, and who may."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from design import office
from design.office import PLAN, item
from karkhana.design.approvals.rules import statement
from karkhana.design.families import FAMILIES, family_plan
from karkhana.design.plan import decode_plan
from karkhana.design.queries import find_revision, revision_subject, stored_items, stored_plan
from karkhana.partners import signing
from karkhana.partners.operations import enroll_signatory, ensure_brand
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.django_db
API = "/api/design"
ONE = f"{API}/products/BOARD/revisions/A"


class Caller:
    """Somebody who calls the API and expects a status."""

    def __init__(self, role: str, name: str = "") -> None:
        user = get_user_model().objects.get_or_create(username=name or f"an-api-{role}")[0]
        user.groups.set([ensure_roles()[role]])
        self.client = Client()
        self.client.force_login(user)

    def __call__(self, method: str, address: str, body: Any = None, *, status: int = 200) -> Any:
        data = body if isinstance(body, bytes) else msgspec.json.encode(body) if body is not None else b""
        answer = getattr(self.client, method)(address, data, content_type="application/json")
        if method == "get":
            answer = self.client.get(address)
        assert answer.status_code == status, answer.content[:400]
        return answer.json()

    def refused(self, method: str, address: str, body: Any = None, *, status: int = 422) -> str:
        return str(self(method, address, body, status=status)["refusal"]["code"])


@pytest.fixture
def engineer() -> Caller:
    return Caller("engineer")


@pytest.fixture
def board() -> None:
    office.product()
    office.draft()


def test_a_product_from_its_family_to_its_release(engineer: Caller) -> None:
    ensure_brand(code="ACME", name="Acme")
    families = engineer("get", f"{API}/families")
    assert [one["family"] for one in families] == list(FAMILIES)
    said = {"code": "S/1", "name": "Sensor", "brand": "ACME", "segment": "iot", "revision": "A"}
    made = engineer("post", f"{API}/products", said, status=201)
    assert (made["product"], made["state"], made["content_hash"]) == ("S/1", "draft", None)
    one = f"{API}/products/S~11/revisions/A"
    whole = engineer("get", one)
    assert decode_plan(json.dumps(whole["plan"])) == family_plan(family="iot", product="S/1")
    assert engineer.refused("post", f"{one}/submit") == "release.invalid" if whole["problems"] else True

    line = {"number": 1, "part": "CAP", "quantity": "2", "references": ["C1", "C2"], "package": "0402"}
    stored = engineer("put", f"{one}/lines/1", line)
    assert stored["item"]["references"] == ["C1", "C2"]
    assert engineer.refused("put", f"{one}/lines/1?seen=", line) == "bom.line_changed"
    again = engineer("put", f"{one}/lines/1?seen={stored['seen']}", {**line, "value": "1 µF"})
    assert engineer("get", one)["seen"]["1"] == again["seen"]
    engineer("put", f"{one}/lines/2", {**line, "number": 2, "part": "GONE", "references": ["X1", "X2"]})
    engineer("delete", f"{one}/lines/2")

    plan = {**whole["plan"], "markets": ["IN"]}
    kept = engineer("put", f"{one}/plan", {"plan": plan, "version": whole["plan_version"]})
    assert kept["plan_version"] == whole["plan_version"] + 1
    assert engineer.refused("put", f"{one}/plan", {"plan": plan, "version": 0}) == "plan.changed"
    now = engineer("get", one)
    assert now["problems"] == []
    assert now["plan"]["markets"] == ["IN"]

    assert engineer("post", f"{one}/submit")["content_hash"] == now["content_hash"]
    assert engineer.refused("put", f"{one}/lines/1", line) == "revision.in_review"
    engineer("post", f"{one}/return")
    engineer("post", f"{one}/submit")
    released = engineer("post", f"{one}/release")
    assert (released["state"], released["content_hash"]) == ("released", now["content_hash"])
    assert engineer.refused("put", f"{one}/plan", {"plan": plan}) == "release.immutable"
    assert engineer("post", f"{one}/end", {"state": "superseded"})["state"] == "superseded"
    assert engineer.refused("post", f"{one}/end", {"state": "draft"}) == "revision.state"
    product = engineer("get", f"{API}/products/S~11")
    assert [row["state"] for row in product["revisions"]] == ["superseded"]
    assert engineer("get", f"{API}/products?q=sens")["rows"][0]["released"] is None


def test_revisions_begin_as_copies_and_variants(engineer: Caller, board: None) -> None:
    address = f"{API}/products/BOARD/revisions"
    engineer("post", address, {"revision": "B", "copy_of": ["BOARD", "A"]}, status=201)
    engineer("post", address, {"revision": "V", "variant_of": ["BOARD", "A"]}, status=201)
    engineer("post", address, {"revision": "F", "family": "iot"}, status=201)
    engineer("post", address, {"revision": "E"}, status=201)
    assert find_revision("BOARD", "B").lines.count() == 2
    assert engineer("get", f"{address}/V")["base"] == ["BOARD", "A"]
    assert stored_plan(find_revision("BOARD", "E")).steps == ()
    both = {"revision": "X", "family": "iot", "copy_of": ["BOARD", "A"]}
    assert engineer.refused("post", address, both) == "revision.two_beginnings"
    assert engineer.refused("post", address, {"revision": "A"}) == "revision.exists"
    unknown = {"revision": "X", "copy_of": ["BOARD", "Z"]}
    assert engineer.refused("post", address, unknown, status=404) == "revision.unknown"


def test_the_bill_is_searched_exploded_and_imported(engineer: Caller, board: None) -> None:
    found = engineer("get", f"{ONE}/bom?q=c1")
    assert ([line["number"] for line in found["items"]], found["total"], found["matched"]) == ([1], 2, 1)
    assert engineer("get", f"{ONE}/bom?after=1")["items"][0]["number"] == 2
    office.product("PHONE")
    office.draft("PHONE", items=(item(1, "PCBA", assembly=("BOARD", "A"), quantity=office.Decimal(2)),))
    nodes = engineer("get", f"{API}/products/PHONE/revisions/A/exploded")["nodes"]
    assert [(node["part"], node["total"]) for node in nodes] == [("PCBA", "2"), ("CAP", "4"), ("MCU", "2")]
    file = SimpleUploadedFile("b.csv", b"Designator,Qty,Manufacturer,MPN\nR1,1,Yageo,RC10K\n")
    assert engineer.client.post(f"{ONE}/bom", {"file": file}).status_code == 200
    assert [line.part for line in stored_items(find_revision("BOARD", "A"))] == ["RC10K"]


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (b"", "request.malformed", ""),
        (b"[]", "request.malformed", ""),
        (b"{", "request.malformed", ""),
        (b"\xff", "request.malformed", ""),
        (b"[" * 20_000, "request.malformed", ""),
        ({"plan": {"steps": [{"number": 1}]}}, "request.malformed", "plan.steps[0]"),
        ({"plan": {"stepz": []}}, "request.malformed", "plan"),
        ({"plan": {"labels": [{"name": "x", "width_mm": "wide"}]}}, "request.malformed", None),
        ({"plan": {"repair_limit": 2**60}}, "plan.value", "repair_limit"),
        ({"plan": {"serial_prefix": "\x00"}}, "plan.value", "serial_prefix"),
        ({"plan": {"labels": [{"name": "x", "width_mm": "NaN"}]}}, "plan.value", "labels 1 width_mm"),
    ],
)
def test_a_bad_plan_is_refused_with_its_place(
    engineer: Caller, board: None, body: Any, code: str, place: str | None
) -> None:
    refusal = engineer("put", f"{ONE}/plan", body, status=422)["refusal"]
    assert refusal["code"] == code
    if place is not None:
        assert refusal["fields"]["place"] == place
    assert stored_plan(find_revision("BOARD", "A")) == PLAN


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": "0"}, "bom.line"),
        ({"quantity": "1e999999"}, "bom.line"),
        ({"quantity": "NaN"}, "bom.line"),
        ({"quantity": "x"}, "request.malformed"),
        ({"number": 2}, "bom.line_number"),
        ({"part": "\x00"}, "bom.line"),
        ({"part": 5}, "request.malformed"),
        ({"assembly": ["BOARD", "A"]}, "bom.circular"),
        ({"assembly": ["X" * 300, "A"]}, "bom.line"),
        ({"alternates": [{"manufacturer": "", "part": "CAP"}]}, "bom.line"),
    ],
)
def test_a_bad_line_is_refused(engineer: Caller, board: None, changes: dict[str, Any], code: str) -> None:
    line = {"number": 1, "part": "CAP", "quantity": "2", "references": ["C1", "C2"]}
    assert engineer.refused("put", f"{ONE}/lines/1", line | changes) == code
    assert stored_items(find_revision("BOARD", "A")) == office.ITEMS


def test_numbers_beyond_the_table_are_refused(engineer: Caller, board: None) -> None:
    huge = 10**25
    assert engineer("get", f"{ONE}/bom?after={huge}")["items"] == []
    assert engineer.refused("delete", f"{ONE}/lines/{huge}") == "bom.line_unknown"
    assert engineer.refused("put", f"{ONE}/lines/{2**40}", {"number": 2**40, "part": "P"}) == "bom.too_long"


def test_partners_approve_with_passphrase_and_with_a_signature_made_elsewhere(engineer: Caller) -> None:
    office.product(agreement=office.alliance())
    office.submitted()
    key = Ed25519PrivateKey.generate()
    enroll_signatory(party="PARTNER", name="Mei", now=office.NOW, public_key=signing.public_of(key))
    maker, partner = Caller("engineer", "asha"), Caller("partner", "li")
    now = partner("get", f"{ONE}/approvals")
    assert (now["required"], now["missing"]) == (["MAKER", "PARTNER"], ["MAKER", "PARTNER"])
    said = {"stated_hash": now["content_hash"]}
    assert maker.refused("post", f"{ONE}/approvals", {**said, "passphrase": "no"}) == "approval.passphrase"
    assert maker.refused("post", f"{ONE}/approvals", {"stated_hash": "0" * 64}) == "approval.stale"
    done = maker("post", f"{ONE}/approvals", {**said, "passphrase": office.PASSPHRASE})
    assert done["missing"] == ["PARTNER"]
    assert engineer.refused("post", f"{ONE}/release") == "approval.missing"

    at = timezone.now().replace(microsecond=0)
    subject = revision_subject(find_revision("BOARD", "A"), at.date())
    public = signing.public_of(key)
    text = statement(subject, party="PARTNER", signatory=public, decision="approved", comment="", at=at)
    signed = {**said, "public_key": public, "signature": key.sign(text).hex(), "signed_at": at.isoformat()}
    timeless = {name: value for name, value in signed.items() if name != "signed_at"}
    assert partner.refused("post", f"{ONE}/approvals", timeless) == "approval.time"
    wrong = {**signed, "signature": "00" * 64}
    assert partner.refused("post", f"{ONE}/approvals", wrong) == "approval.signature"
    assert partner("post", f"{ONE}/approvals", signed)["missing"] == []
    assert engineer("post", f"{ONE}/release")["state"] == "released"


def test_partners_read_what_concerns_them_and_write_nothing(board: None) -> None:
    partner = Caller("partner", "li")
    assert partner.refused("get", ONE, status=404) == "product.unknown"
    assert partner("get", f"{API}/products")["rows"] == []
    office.product(agreement=office.alliance())
    assert partner("get", ONE)["state"] == "draft"
    assert partner("get", f"{API}/products")["rows"][0]["code"] == "BOARD"
    line = {"number": 1, "part": "CAP", "quantity": "2"}
    for method, address, body in (
        ("post", f"{API}/products", {"code": "X", "name": "X", "segment": "iot"}),
        ("put", f"{API}/products/BOARD/agreement", {"agreement": None, "design_owner": "maker"}),
        ("post", f"{API}/products/BOARD/revisions", {"revision": "B"}),
        ("put", f"{ONE}/plan", {"plan": {}}),
        ("put", f"{ONE}/lines/1", line),
        ("delete", f"{ONE}/lines/1", None),
        ("post", f"{ONE}/submit", None),
        ("post", f"{ONE}/return", None),
        ("post", f"{ONE}/release", None),
        ("post", f"{ONE}/end", {"state": "obsolete"}),
    ):
        assert partner.refused(method, address, body, status=403) == "auth.denied", address
    assert stored_items(find_revision("BOARD", "A")) == office.ITEMS


def test_an_agreement_is_put_in_place(engineer: Caller, board: None) -> None:
    office.alliance()
    address = f"{API}/products/BOARD/agreement"
    told = engineer("put", address, {"agreement": "HUB", "design_owner": "joint"})
    assert (told["agreement"], told["must_approve"]) == ("HUB", ["MAKER", "PARTNER"])
    assert (
        engineer.refused("put", address, {"agreement": "NO", "design_owner": "joint"}) == "agreement.unknown"
    )
