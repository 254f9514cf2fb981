"""Certificates: refused while anything is unproved, numbered without gaps, and never changed again."""

from __future__ import annotations

import datetime as dt
import hashlib
import html
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from karkhana.kernel.refusals import Refused
from karkhana.localisation.certificate.operations import FRESH, issue
from karkhana.localisation.certificate.queries import certificates, file_of, find_certificate
from karkhana.localisation.certificate.rules import read_form
from karkhana.localisation.models import IssuedCertificate, LocalValueRun
from karkhana.localisation.runs import operations
from karkhana.localisation.runs.operations import asked_for
from karkhana.site.roles import ensure_roles
from localisation.certificates import SAID
from localisation.phones import ASKED, FIRST, IMPORTED_WITH, LAST, book, build, certify_glue
from localisation.purchases import buy, certify

D = Decimal
NOW = dt.datetime(2026, 7, 1, 20, tzinfo=dt.UTC)  # 2 July in the plant
NEW = "/value/certificates/new/?product=PHONE&month=2026-06&method=PPP_MII"


@pytest.fixture(autouse=True)
def phones(rolled_back: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "begin", operations.compute)
    monkeypatch.setattr(transaction, "on_commit", lambda act: act())
    build()
    book()


def logged_in(role: str) -> Client:
    user, _ = get_user_model().objects.get_or_create(username=f"user-{role}")
    user.groups.set([ensure_roles()[role]])
    client = Client()
    client.force_login(user)
    return client


def text_of(answer: Any) -> str:
    return html.unescape(answer.content.decode())


def made(
    now: dt.datetime = NOW, replaces: str = "", method: str = "PPP_MII", **said: str
) -> IssuedCertificate:
    asked = asked_for(
        product="PHONE", brand="", plant="", first=FIRST, last=LAST, method=method, chosen={}
    )  # fmt: skip
    return issue(asked, read_form(SAID | said), user=None, now=now, replaces=replaces)


def refusal(**said: Any) -> Any:
    with pytest.raises(Refused) as no:
        made(**said)
    return no.value.refusal


class TestRefusals:
    def test_a_missing_certificate_of_a_supplier_stops_it(self) -> None:
        no = refusal()
        assert no.code == "certificate.unproved"
        assert [(item["code"], item["part"], item["lot"]) for item in no.fields["unproved"]] == [
            ("certificate_missing", "GLUE", "GLUE-1")
        ]

    @pytest.mark.parametrize(
        ("more", "code"),
        [
            ({"valid_to": dt.date(2026, 5, 31)}, "certificate_expired"),
            ({"method": "AUTO_DVA"}, "certificate_other_method"),
            ({"file_sha256": ""}, "certificate_no_file"),
        ],
    )
    def test_a_certificate_that_does_not_hold_stops_it(self, more: dict[str, Any], code: str) -> None:
        certify_glue(**more)
        assert [item["code"] for item in refusal().fields["unproved"]] == [code]

    def test_an_unverified_figure_of_the_method_stops_it(self) -> None:
        certify_glue()
        no = refusal(method="LSEM_DVA")
        assert {item["code"] for item in no.fields["unproved"]} == {"figure_unverified"}

    def test_above_ten_crore_the_auditor_must_be_named(self) -> None:
        certify_glue()
        assert refusal(contract_value="100000001").code == "certificate.auditor"
        assert made(contract_value="100000001", auditor="R", auditor_membership="1").number

    def test_nothing_is_kept_of_what_was_refused(self) -> None:
        refusal()
        assert not IssuedCertificate.objects.exists()

    def test_only_a_product_is_certified(self) -> None:
        asked = asked_for(
            product="", brand="ACME", plant="", first=FIRST, last=LAST, method="PPP_MII", chosen={}
        )
        with pytest.raises(Refused) as no:
            issue(asked, read_form(SAID), user=None, now=NOW)
        assert no.value.refusal.code == "certificate.product"


class TestIssued:
    def test_it_says_what_the_units_are_made_of(self) -> None:
        certify_glue()
        found = made()
        assert (found.number, found.percent, found.grade) == ("LC/2026-27/0001", D("42.37"), "Class-II")
        data = json.loads(found.data)
        assert data["issued_at"] == "2026-07-02T01:30:00+05:30"
        assert data["result"]["imported"] == IMPORTED_WITH
        assert data["result"]["percent"] == "42.370000000000"
        lines = {row["lot"]: row for row in data["lines"]}
        assert set(lines) == {"CAP-1", "RES-1", "BAT-1", "BAT-2", "GLUE-1"}
        assert (lines["BAT-1"]["cif"], lines["BAT-1"]["duty"], lines["BAT-1"]["quantity"]) == (
            "150",
            "15",
            "3",
        )
        assert lines["BAT-1"]["bill"].startswith("B-BAT-1 of 2026-06-01 at INDEL4")
        assert lines["BAT-1"]["supplier_name"] == "Shenzhen Cells"
        assert (lines["RES-1"]["price"], lines["RES-1"]["tax"]) == ("4", "0.72")
        assert (lines["BAT-2"]["certificate"], lines["BAT-2"]["local"]) == ("H1", "36")
        royalty = next(row for row in data["paid"] if row["kind"] == "royalty_abroad")
        assert (royalty["party"], royalty["amount"], royalty["counted"], royalty["document"]) == (
            "Codec Inc", "20", "imported", "Agreement 3",
        )  # fmt: skip
        assert data["paid"][0]["document"] == "Price list 7"
        counted = sum(D(row["value"]) - D(row["local"]) for row in data["lines"]) + D(royalty["amount"])
        assert counted == D(IMPORTED_WITH)
        kinds = {(row["kind"], row["number"]): row["sha256"] for row in data["documents"]}
        assert kinds[("supplier's certificate", "G1")] == "ab" * 32
        assert ("bill of entry", "B-CAP-1") in kinds
        assert data["period"]["seq"] > 0

    def test_files_of_an_issued_certificate_are_the_same_each_time(self) -> None:
        certify_glue()
        found = find_certificate(made().number)
        for kind, begin in (("pdf", b"%PDF"), ("xlsx", b"PK")):
            first = file_of(found, kind)
            assert first.startswith(begin)
            assert first == file_of(find_certificate(found.number), kind)

    def test_numbers_have_no_gaps_and_begin_anew_each_fiscal_year(self) -> None:
        certify_glue()
        march = dt.datetime(2027, 3, 31, 18, 29, tzinfo=dt.UTC)  # one minute before April in the plant
        numbers = [made().number]
        refusal(contract_value="100000001")
        numbers += [made(NOW + dt.timedelta(hours=1)).number, made(march).number]
        numbers += [made(march + dt.timedelta(minutes=2)).number]
        assert numbers == ["LC/2026-27/0001", "LC/2026-27/0002", "LC/2026-27/0003", "LC/2027-28/0001"]

    def test_a_button_pressed_twice_issues_one(self) -> None:
        certify_glue()
        first = made()
        assert made(NOW + dt.timedelta(seconds=2)).number == first.number
        other = made(NOW + dt.timedelta(seconds=4), item="Another name for it")
        assert other.number != first.number

    def test_a_new_one_takes_the_place_of_an_old_one_once(self) -> None:
        certify_glue()
        first = made()
        second = made(replaces=first.number, reason="HSN corrected")
        said = json.loads(second.data)["replaces"]
        assert said == {"number": first.number, "sha256": first.sha256, "reason": "HSN corrected"}
        assert refusal(replaces=first.number).code == "certificate.replaced"
        assert refusal(replaces="LC/1/1").code == "certificate.unknown"
        assert refusal(replaces="\x00").code == "certificate.unknown"
        assert [row.number for row in certificates("PHONE")] == [second.number, first.number]

    def test_nobody_changes_it(self) -> None:
        certify_glue()
        found = made()
        statements = [
            "UPDATE localisation_issuedcertificate SET percent = 99",
            "DELETE FROM localisation_issuedcertificate",
            "TRUNCATE localisation_issuedcertificate CASCADE",
        ]
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
        for statement in statements:
            with pytest.raises(DatabaseError, match="issued once"), transaction.atomic():
                connection.cursor().execute(statement)
        found.refresh_from_db()
        assert found.sha256 == hashlib.sha256(found.data.encode()).hexdigest()
        other = IssuedCertificate.objects.values().get()
        with pytest.raises(DatabaseError, match="issued_certificate_fits_its_hash"), transaction.atomic():
            IssuedCertificate.objects.create(
                **(other | {"id": None, "count": 9, "number": "LC/9", "data": other["data"] + " "})
            )

    def test_what_is_booked_later_does_not_change_it(self) -> None:
        certify_glue()
        found = made()
        before = file_of(found, "pdf")
        buy("LATER", "GLUE", "import", cif="1", of="GLUES")
        certify("100", of="GLUES", number="G2", valid_from=dt.date(2026, 2, 1))
        assert file_of(find_certificate(found.number), "pdf") == before
        assert made().percent > found.percent


class TestPages:
    def test_from_refused_to_issued(self) -> None:
        buyer = logged_in("buyer")
        assert "No certificate is issued yet" in text_of(buyer.get("/value/certificates/"))
        answer = buyer.post("/value/compute/", ASKED | {"then": "certificate"})
        page = text_of(buyer.get(answer["Location"]))
        assert "It cannot be issued: 1 thing is not proved" in page
        assert "GLUE-1" in page
        run = LocalValueRun.objects.get()
        refused = buyer.post("/value/certificates/issue/", SAID | {"run": run.pk})
        assert (refused.status_code, "certificate.unproved" in text_of(refused)) == (422, True)
        certify_glue()
        buyer.post("/value/compute/", ASKED | {"then": "certificate", "anew": "1"})
        page = text_of(buyer.get(NEW))
        assert 'name="signatory"' in page
        assert "Above ₹ 10,00,00,000 the method asks for: certificate of the statutory auditor" in page
        bad = buyer.post("/value/certificates/issue/", SAID | {"run": run.pk, "hsn": "1"})
        assert (bad.status_code, 'value="A. Sharma"' in text_of(bad)) == (422, True)
        issued = buyer.post("/value/certificates/issue/", SAID | {"run": run.pk})
        number = IssuedCertificate.objects.get().number
        assert issued["Location"] == f"/value/certificates/{number}/"
        page = text_of(buyer.get(issued["Location"]))
        assert "42.37" in page
        assert IssuedCertificate.objects.get().sha256 in page
        pdf = buyer.get(f"/value/certificates/{number}/file/pdf/")
        assert pdf.content.startswith(b"%PDF")
        assert pdf["Content-Disposition"].endswith(f'{number.replace("/", "-")}.pdf"')
        assert buyer.get(f"/value/certificates/{number}/file/xlsx/").content.startswith(b"PK")
        assert number in text_of(buyer.get("/value/certificates/"))
        again = text_of(buyer.get(f"{NEW}&replaces={number}"))
        assert f'name="replaces" maxlength="24" value="{number}"' in again
        assert 'value="A. Sharma"' in again, "the last certificate of the product is where the form begins"

    def test_old_figures_are_not_issued_on(self) -> None:
        certify_glue()
        buyer = logged_in("buyer")
        buyer.post("/value/compute/", ASKED)
        LocalValueRun.objects.update(computed_at=timezone.now() - FRESH - dt.timedelta(minutes=1))
        assert "not of today" in text_of(buyer.get(NEW))
        answer = buyer.post("/value/certificates/issue/", SAID | {"run": LocalValueRun.objects.get().pk})
        assert "certificate.stale" in text_of(answer)

    def test_who_may(self) -> None:
        certify_glue()
        number = made().number
        for role, sees, issues in (("buyer", 200, 404), ("lead", 200, 404), ("engineer", 200, 403),
                                   ("operator", 403, 403)):  # fmt: skip
            client = logged_in(role)
            assert client.get(f"/value/certificates/{number}/").status_code == sees
            assert client.post("/value/certificates/issue/", {"run": "0"}).status_code == issues

    def test_what_is_not_there(self) -> None:
        buyer = logged_in("buyer")
        for path in ("LC/1/2/", "%00/", "LC/1/file/pdf/", f"{'x' * 300}/"):
            assert buyer.get(f"/value/certificates/{path}").status_code == 404, path
        certify_glue()
        assert buyer.get(f"/value/certificates/{made().number}/file/exe/").status_code == 404
        for run in ("x", "", "99999999999999999999", "-1"):
            assert buyer.post("/value/certificates/issue/", {"run": run}).status_code == 404
        for query in ("month=x", "product=NO&month=2026-06", "month=2026-06", "product=%00"):
            assert buyer.get(f"/value/certificates/new/?{query}").status_code in (200, 422)


class TestApi:
    BODY = {"product": "PHONE", "month": "2026-06", **SAID}

    def post(self, client: Client, **other: Any) -> Any:
        body = json.dumps(self.BODY | other)
        return client.post("/api/localisation/certificates", body, content_type="application/json")

    def test_issue_read_and_file(self) -> None:
        buyer = logged_in("buyer")
        refused = self.post(buyer)
        assert (refused.status_code, refused.json()["refusal"]["code"]) == (422, "certificate.unproved")
        certify_glue()
        issued = self.post(buyer)
        assert issued.status_code == 201
        number = issued.json()["number"]
        assert issued.json()["data"]["result"]["imported"] == IMPORTED_WITH
        assert buyer.get(f"/api/localisation/certificates/{number}").json() == issued.json()
        listed = buyer.get("/api/localisation/certificates?product=PHONE").json()["certificates"]
        assert [row["number"] for row in listed] == [number]
        file = buyer.get("/api/localisation/certificates/file", {"number": number, "kind": "xlsx"})
        assert file.content == file_of(find_certificate(number), "xlsx")
        assert buyer.get("/api/localisation/certificates/LC/none").status_code == 404
        assert self.post(logged_in("engineer")).status_code == 403
        assert self.post(logged_in("operator")).status_code == 403

    @pytest.mark.parametrize(
        "other",
        [{"month": ""}, {"month": 5}, {"product": "NO"}, {"item": "a\x00"}, {"contract_value": "NaN"},
         {"parameters": {"uncertified": "x"}}, {"parameters": {"x": "y"}}, {"method": "a.toml"},
         {"places": ""}, {"fiscal_year": "2026-27"}, {"replaces": "LC/7"}, {"hsn": "9" * 30}],
    )  # fmt: skip
    def test_bad_bodies(self, other: dict[str, Any]) -> None:
        certify_glue()
        assert self.post(logged_in("buyer"), **other).status_code in (404, 422)
        assert not IssuedCertificate.objects.exists()


class TestCommand:
    ARGUMENTS = ["PHONE", "--month", "2026-06", "--item", "Phone", "--hsn", "85171300", "--place", "Noida",
                 "--maker", "Maker", "--signatory", "A", "--designation", "Director"]  # fmt: skip

    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Any:
        from typer.testing import CliRunner

        from karkhana.cli import _run
        from karkhana.cli.certificate import app

        monkeypatch.setattr(_run, "django_ready", lambda: None)
        return CliRunner().invoke(app, list(arguments))

    def test_issue_and_write_again(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        out = tmp_path / "c.pdf"
        refused = self.run(monkeypatch, *self.ARGUMENTS, "--out", str(out))
        assert isinstance(refused.exception, Refused)
        assert refused.exception.refusal.code == "certificate.unproved"
        assert not out.exists()
        certify_glue()
        issued = self.run(monkeypatch, *self.ARGUMENTS, "--out", str(out), "--json")
        assert issued.exit_code == 0, issued.output
        said = json.loads(issued.stdout)
        assert (said["percent"], out.read_bytes()[:4]) == ("42.37", b"%PDF")
        again = tmp_path / "again.pdf"
        assert self.run(monkeypatch, "--number", said["number"], "--out", str(again)).exit_code == 0
        assert again.read_bytes() == out.read_bytes()
        assert IssuedCertificate.objects.count() == 1

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ((), "certificate.what"), (("PHONE", "--number", "LC/1"), "certificate.what"),
            (("PHONE", "--month", "2026-06", "--out", "c.txt"), "certificate.out"),
            (("PHONE", "--month", "2026-06", "--out", "/nowhere/c.pdf"), "certificate.out"),
            (("--number", "LC/1"), "certificate.unknown"), (("PHONE",), "period.missing"),
            (("PHONE", "--month", "2026-06", "--set", "x"), "localise.set"),
            (("PHONE", "--month", "2026-06"), "certificate.field"),
        ],
    )  # fmt: skip
    def test_refusals(self, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: str) -> None:
        answer = self.run(monkeypatch, *arguments)
        assert isinstance(answer.exception, Refused)
        assert answer.exception.refusal.code == code
