"""Parties, agreements and keys: what is kept and refused, by operation, page, API, command line."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, transaction
from django.test import Client
from typer.testing import CliRunner

from karkhana.design.access import visible_products
from karkhana.design.operations import ensure_product, set_agreement
from karkhana.kernel.refusals import Refused
from karkhana.partners import operations as ops
from karkhana.partners import signing
from karkhana.partners.models import Agreement, PartyMember, Signatory
from karkhana.site.roles import ensure_roles

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
DAY = dt.date(2026, 4, 1)
TERMS: dict[str, Any] = {
    "code": "X", "title": "X", "kind": "alliance", "starts_on": DAY, "ends_on": None,
    "parties": {"MAKER": [], "OSTREL": []},
}  # fmt: skip


@pytest.fixture
def hub() -> Agreement:
    ops.ensure_brand(code="OSTREL", name="Ostrel")
    ops.ensure_brand(code="KAVIRO", name="Kaviro")
    ops.ensure_party(code="MAKER", name="Jamunapar", kind="maker")
    ops.ensure_party(code="OSTREL", name="Ostrel", kind="brand", brand="OSTREL")
    parties = {"MAKER": ["revision"], "OSTREL": ["revision", "firmware"]}
    return ops.ensure_agreement(**TERMS | {"code": "HUB", "title": "Design hub", "parties": parties})


def person(name: str, *roles: str) -> Any:
    user = get_user_model().objects.create_user(name, password="x")
    user.groups.set([ensure_roles()[role] for role in roles])
    return user


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def refusal_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(**arguments)
    return caught.value.refusal.code


def test_an_agreement_is_corrected_not_doubled(hub: Agreement) -> None:
    parties = {"MAKER": [], "OSTREL": ["revision"]}
    end = dt.date(2031, 4, 1)
    again = ops.ensure_agreement(
        **TERMS | {"code": "HUB", "title": "Joint hub", "ends_on": end, "parties": parties}
    )
    assert again.pk == hub.pk
    assert dict(again.parties.values_list("party__code", "approves")) == parties
    assert (again.title, again.ends_on) == ("Joint hub", end)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"code": ""}, "agreement.code"),
        ({"code": "A\x00"}, "agreement.code"),
        ({"kind": "friendship"}, "agreement.kind"),
        ({"ends_on": DAY}, "agreement.period"),
        ({"parties": {"MAKER": []}}, "agreement.parties"),
        ({"parties": {"MAKER": ["everything"], "OSTREL": []}}, "agreement.approves"),
        ({"parties": {"MAKER": [], "NOBODY": []}}, "party.unknown"),
    ],
)
def test_terms_that_cannot_be(hub: Agreement, changed: dict[str, Any], code: str) -> None:
    assert refusal_of(ops.ensure_agreement, **TERMS | changed) == code
    assert not Agreement.objects.filter(code="X").exists()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"code": " X", "kind": "maker"}, "party.code"),
        ({"code": "X", "kind": "friend"}, "party.kind"),
        ({"code": "X", "kind": "maker", "brand": "OSTREL"}, "party.kind"),
        ({"code": "X", "kind": "brand", "brand": "NOBODY"}, "brand.unknown"),
        ({"code": "MAKER", "kind": "brand"}, "party.other_kind"),
    ],
)
def test_parties_that_cannot_be(hub: Agreement, arguments: dict[str, Any], code: str) -> None:
    assert refusal_of(ops.ensure_party, name="X", **arguments) == code


def test_a_key_opens_with_its_passphrase_only_and_signs_what_it_says(hub: Agreement) -> None:
    lena = person("lena", "partner")
    made = ops.enroll_signatory(party="OSTREL", name="Lena", user=lena, now=NOW, passphrase="monsoon rain")
    assert PartyMember.objects.filter(user=lena, party__code="OSTREL").exists()
    sealed = made.sealed_key or ""
    assert "monsoon" not in sealed
    signature = signing.sign(sealed, "monsoon rain", b"yes")
    assert signing.verify(made.public_key, signature, b"yes")
    assert not signing.verify(made.public_key, signature, b"no")
    assert not signing.verify(made.public_key, "zz", b"yes")
    with pytest.raises(ValueError):
        signing.sign(sealed, "monsoon", b"yes")


def test_keys_that_cannot_be(hub: Agreement) -> None:
    lena = person("lena", "partner")
    outside, _ = signing.new_key(None)
    common: dict[str, Any] = {"name": "Lena", "now": NOW}
    for arguments, code in (
        ({"party": "NOBODY", "passphrase": "long enough"}, "party.unknown"),
        ({"party": "OSTREL", "passphrase": "short"}, "signatory.key"),
        ({"party": "OSTREL"}, "signatory.key"),
        ({"party": "OSTREL", "public_key": "ab"}, "signatory.key"),
        ({"party": "OSTREL", "public_key": "x" * 64}, "signatory.key"),
    ):
        assert refusal_of(ops.enroll_signatory, user=lena, **common, **arguments) == code
    ops.enroll_signatory(party="OSTREL", user=lena, public_key=outside.upper(), **common)
    again = {"party": "OSTREL", "user": lena, "passphrase": "long enough"}
    assert refusal_of(ops.enroll_signatory, **common, **again) == "signatory.exists"
    theirs = {"party": "MAKER", "public_key": outside}
    assert refusal_of(ops.enroll_signatory, **common, **theirs) == "signatory.key_known"


def test_a_revoked_key_stays_revoked_and_its_own(hub: Agreement) -> None:
    made = ops.enroll_signatory(party="OSTREL", name="Lena", now=NOW, passphrase="monsoon rain")
    ops.revoke_signatory(public_key=made.public_key, now=NOW)
    again = refusal_of(ops.revoke_signatory, public_key=made.public_key, now=NOW)
    assert again == "signatory.unknown"
    other = signing.new_key(None)[0]
    for changed in ({"revoked_at": None}, {"public_key": other}, {"party_id": made.party_id + 1}):
        with pytest.raises(DatabaseError), transaction.atomic():
            Signatory.objects.filter(pk=made.pk).update(**changed)


def test_partners_see_their_own_products_and_agreements(hub: Agreement) -> None:
    for code, brand in (("P7", "OSTREL"), ("T11", "KAVIRO"), ("LAB", "KAVIRO")):
        ensure_product(code=code, name=code, brand=brand, segment="phone")
    set_agreement(code="LAB", agreement="HUB", design_owner="joint")
    lena = person("lena", "partner")
    assert not visible_products(lena).exists()
    ops.add_member(party="OSTREL", user=lena)
    assert [product.code for product in visible_products(lena)] == ["LAB", "P7"]
    assert visible_products(person("meera", "engineer")).count() == 3
    client = client_of(lena)
    page = client.get("/partners/").content.decode()
    assert "Design hub" in page
    assert "Jamunapar" not in page
    assert client.get("/").status_code == 403
    assert [row["code"] for row in client.get("/api/partners/parties").json()] == ["OSTREL"]
    assert client.get("/api/units/X").status_code == 403
    assert client.post("/partners/add/", {"code": "X", "name": "X", "kind": "maker"}).status_code == 403


def test_an_admin_adds_and_a_member_makes_a_key(hub: Agreement) -> None:
    admin, lena = client_of(person("root", "admin")), person("lena", "partner")
    venture = {"code": "JV", "name": "Venture", "kind": "joint_venture"}
    assert admin.post("/partners/add/", venture).status_code == 302
    wrong = admin.post("/partners/add/", venture | {"kind": "maker"})
    assert (wrong.status_code, "party.other_kind" in wrong.content.decode()) == (422, True)
    fields = {"code": "JV-1", "title": "Glass", "kind": "joint_venture", "starts_on": "2026-05-01",
              "party": ["JV", "MAKER"], "approves-JV-revision": "1"}  # fmt: skip
    assert admin.post("/partners/agreements/", fields).status_code == 302
    bad = admin.post("/partners/agreements/", fields | {"starts_on": "tomorrow"})
    assert (bad.status_code, "agreement.date" in bad.content.decode()) == (422, True)
    assert admin.post("/partners/members/", {"party": "OSTREL", "login": "nobody"}).status_code == 422
    assert admin.post("/partners/members/", {"party": "OSTREL", "login": "lena"}).status_code == 302

    own, words = client_of(lena), {"passphrase": "a" * 9, "again": "a" * 9}
    assert own.post("/partners/key/make/", {"party": "JV", **words}).status_code == 422
    assert own.post("/partners/key/make/", {"party": "OSTREL", **words, "again": "b"}).status_code == 422
    assert own.post("/partners/key/make/", {"party": "OSTREL", **words}).status_code == 302
    key = Signatory.objects.get(user=lena)
    assert key.public_key in own.get("/partners/key/").content.decode()
    assert admin.post("/partners/key/revoke/", {"public_key": key.public_key}).status_code == 422
    assert own.post("/partners/key/revoke/", {"public_key": key.public_key}).status_code == 302


def test_a_key_kept_elsewhere_comes_in_by_api(hub: Agreement) -> None:
    lena = person("lena", "partner")
    ops.add_member(party="OSTREL", user=lena)
    own, outside = client_of(lena), {"party": "OSTREL", "public_key": signing.new_key(None)[0]}
    answer = own.post("/api/partners/keys", json.dumps(outside), content_type="application/json")
    assert (answer.status_code, answer.json()["custody"]) == (201, "elsewhere")
    other = json.dumps(outside | {"party": "MAKER"})
    again = own.post("/api/partners/keys", other, content_type="application/json")
    assert (again.status_code, again.json()["refusal"]["code"]) == (422, "signatory.not_member")
    assert {row["code"] for row in own.get("/api/partners/agreements").json()} == {"HUB"}


def test_a_key_on_ones_own_machine_needs_no_database(tmp_path: Path) -> None:
    from karkhana.cli.partner import app

    run, key, text = CliRunner(), tmp_path / "lena.pem", tmp_path / "statement.json"
    text.write_bytes(b'{"statement":"karkhana.approval.v1"}')
    public = run.invoke(app, ["keygen", "--out", str(key), "--passphrase", "monsoon"]).stdout.strip()
    assert key.stat().st_mode & 0o777 == 0o600
    sign = ["sign", str(text), "--key"]
    said = run.invoke(app, [*sign, str(key), "--passphrase", "monsoon"]).stdout.strip()
    assert signing.verify(public, said, text.read_bytes())
    for arguments, code in (
        ([*sign, str(key), "--passphrase", "drought"], "signatory.key"),
        ([*sign, str(text), "--passphrase", "x"], "signatory.key"),
        (["keygen", "--out", str(key), "--passphrase", "x"], "signatory.file"),
    ):
        problem = run.invoke(app, arguments).exception
        assert isinstance(problem, Refused)
        assert problem.refusal.code == code
