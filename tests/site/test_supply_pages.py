"""Pages of purchasing: registers from upload to refused rows, suppliers, parts, rates and duty tables."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from site_accounts import client_of

from karkhana.supply.models import (
    ExchangeRate,
    LocalContentCertificate,
    Part,
    PartPrice,
    Receipt,
    RegisterLayout,
    RegisterRun,
    Supplier,
)
from karkhana.supply.registers import background
from karkhana.supply.sources.operations import set_supplier

HEAD = "Lot,Supplier,Part,Invoice,Line,Invoice date,Qty,Value,Currency,Exchange rate,HSN,Origin"
ROW = "L1,SHENZHEN,DRV-10,INV-7,1,2026-10-05,1000,500.00,USD,84.5,8518 90 00,CN"


@pytest.fixture
def buyer(rolled_back: None) -> Client:
    set_supplier(code="SHENZHEN", name="Shenzhen Drivers Ltd", country_code="CN")
    return client_of("buyer")


def upload(*lines: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("october.csv", "\n".join(lines).encode())


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return unescape(answer.content.decode())


def sent(client: Client, address: str, status: int = 200, **form: Any) -> str:
    answer = client.post(address, form, headers={"HX-Request": "true"})
    assert answer.status_code == status, answer.content
    return unescape(answer.content.decode()) or answer.headers["HX-Redirect"]


class TestRegisters:
    def test_a_register_is_previewed_imported_and_accounted_for(self, buyer: Client) -> None:
        lines = (HEAD, ROW, ROW.replace("L1", "L2").replace("1000", "-1"), ",,,,,,,,,,")
        shown = sent(buyer, "/supply/registers/preview/", kind="purchases", file=upload(*lines))
        assert "Import 2 rows" in shown
        assert '<option value="quantity" selected>' in shown
        assert not Receipt.objects.exists()
        address = sent(buyer, "/supply/registers/import/", kind="purchases", file=upload(*lines))
        account = page(buyer, address)
        assert "is not above zero" in account
        assert RegisterRun.objects.get().user == "buyer-1"
        assert Receipt.objects.get().price == Decimal(42250)
        listed = (
            b"".join(buyer.get(f"{address}refused.csv").streaming_content).decode("utf-8-sig").splitlines()
        )
        assert listed[0].endswith("refusal code," + HEAD)
        assert listed[1].startswith("3,quantity,")
        mended = [listed[0], listed[1].replace(",-1,", ",1000,")]
        sent(buyer, "/supply/registers/import/", kind="purchases", file=upload(*mended))
        assert Receipt.objects.count() == 2
        assert "october.csv" in page(buyer, "/supply/registers/")

    def test_a_column_is_said_and_kept(self, buyer: Client) -> None:
        lines = (HEAD.replace("Value", "Worth"), ROW)
        shown = sent(buyer, "/supply/registers/preview/", kind="purchases", file=upload(*lines))
        assert "No column was found for:" in shown
        assert "Import 1 rows" not in shown
        headings = lines[0].split(",")
        form = {"heading": headings, "was": [""] * 12, "column": [""] * 7 + ["value"] + [""] * 4}
        again = sent(buyer, "/supply/registers/preview/", kind="purchases", file=upload(*lines), **form)
        assert '<input type="hidden" name="said" value="Worth=value">' in again
        form |= {"was": form["column"], "said": ["Worth=value"]}
        sent(buyer, "/supply/registers/import/", kind="purchases", file=upload(*lines), **form)
        assert RegisterLayout.objects.get().columns == {"Worth": "value"}
        assert "read as it was said" in sent(
            buyer, "/supply/registers/preview/", kind="purchases", file=upload(*lines)
        )

    @pytest.mark.parametrize(
        ("form", "code"),
        [
            ({}, "register.no_file"),
            ({"file": SimpleUploadedFile("x.csv", b"%PDF")}, "register.unreadable"),
            ({"file": SimpleUploadedFile("x.csv", b"a,b\n")}, "register.no_headings"),
            ({"file": upload(HEAD, ROW), "kind": "\x00"}, "register.kind"),
            ({"file": upload(HEAD, ROW), "decimal": "both"}, "register.setting"),
            ({"file": upload(HEAD, ROW), "heading": ["a"]}, "register.form"),
            ({"file": upload(HEAD, ROW), "said": ["Qty=none"]}, "register.map_field"),
        ],
    )
    def test_bad_uploads_are_refused(self, buyer: Client, form: dict[str, Any], code: str) -> None:
        if "file" in form:
            form["file"].seek(0)
        assert code in sent(buyer, "/supply/registers/preview/", **{"kind": "purchases", **form})

    def test_a_file_that_cannot_be_imported_tells_it_in_its_account(self, buyer: Client) -> None:
        address = sent(
            buyer, "/supply/registers/import/", kind="purchases", file=upload("Part no,Qty", "A,1")
        )
        assert "has no column for: supplier" in page(buyer, address)

    def test_unknown_runs_are_not_found(self, buyer: Client) -> None:
        for address in (
            "/supply/registers/99/",
            f"/supply/registers/{10**30}/",
            "/supply/registers/9/refused.csv",
        ):
            assert buyer.get(address).status_code == 404

    def test_only_who_buys_may_see_it(self, rolled_back: None) -> None:
        for role in ("operator", "engineer", "partner"):
            client = client_of(role)
            for address in (
                "/supply/",
                "/supply/registers/",
                "/supply/suppliers/",
                "/supply/parts/",
                "/supply/rates/",
            ):
                assert client.get(address).status_code == 403
            assert client.post("/supply/registers/import/").status_code == 403


def test_a_large_register_is_imported_beside_the_request(
    fresh_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_supplier(code="SHENZHEN", name="Shenzhen Drivers Ltd", country_code="CN")
    monkeypatch.setattr(background, "AT_ONCE", 10)
    buyer = client_of("buyer")
    address = sent(buyer, "/supply/registers/import/", kind="purchases", file=upload(HEAD, ROW))
    for _ in range(100):
        if "Every row was good" in page(buyer, address + "?part=run"):
            break
        time.sleep(0.1)
    assert RegisterRun.objects.get().state == "done"
    assert Receipt.objects.get().lot == "L1"


class TestSources:
    def test_a_supplier_is_made_corrected_and_certified(self, buyer: Client) -> None:
        form = {"code": "PUNE/1", "name": "Pune Plastics", "country": "IN", "role": "maker",
                "tax_id": "27AAPFU0939F1ZV", "brand": ""}  # fmt: skip
        assert buyer.post("/supply/suppliers/", form).status_code == 302
        assert "supplier.known" in sent(buyer, "/supply/suppliers/", 422, **form)
        assert "Pune Plastics" in page(buyer, "/supply/suppliers/?q=pune")
        document = SimpleUploadedFile("lc.pdf", b"signed")
        today = dt.date.today()  # noqa: DTZ011
        form = {"act": "certificate", "number": "LC/1", "percent": "92.5", "valid_from": f"{today}",
                "valid_to": f"{today + dt.timedelta(days=9)}", "part": "", "file": document}  # fmt: skip
        assert buyer.post("/supply/suppliers/PUNE/1/", form).status_code == 302
        booked = LocalContentCertificate.objects.get()
        assert (booked.percent, booked.file_name, booked.file_sha256[:8]) == (
            Decimal("92.5"),
            "lc.pdf",
            "4a3cdfae",
        )
        assert "LC/1" in page(buyer, "/supply/")
        over = form | {"number": "LC/2", "percent": "101", "file": SimpleUploadedFile("lc.pdf", b"signed")}
        assert "certificate.percent" in sent(buyer, "/supply/suppliers/PUNE/1/", 422, **over)
        name = {"name": "Pune Polymers", "country": "IN", "role": "maker", "tax_id": ""}
        assert buyer.post("/supply/suppliers/PUNE/1/", name).status_code == 302
        assert Supplier.objects.get(code="PUNE/1").name == "Pune Polymers"

    def test_a_part_shows_offers_and_what_was_paid(self, buyer: Client) -> None:
        sent(buyer, "/supply/registers/import/", kind="purchases", file=upload(HEAD, ROW))
        shown = page(buyer, "/supply/parts/DRV-10/")
        assert "nobody has described it yet" in shown
        assert '"y": [42.25]' in shown
        assert "missing" in shown
        described = {"manufacturer": "Shenzhen", "group": "audio", "hsn": "8518 90 00", "unit": "pcs"}
        assert buyer.post("/supply/parts/DRV-10/", described).status_code == 302
        offer = {"act": "price", "supplier": "SHENZHEN", "price": "0.51", "currency": "USD",
        "channel": "import",
                 "valid_from": "2026-10-01", "origin": "CN", "duty_percent": "15"}  # fmt: skip
        assert buyer.post("/supply/parts/DRV-10/", offer).status_code == 302
        assert "price.differs" in sent(buyer, "/supply/parts/DRV-10/", 422, **(offer | {"price": "0.6"}))
        source = {"act": "source", "supplier": "SHENZHEN", "approved_on": "2026-10-01"}
        assert buyer.post("/supply/parts/DRV-10/", source).status_code == 302
        assert PartPrice.objects.get().price == Decimal("0.51")
        assert Part.objects.get().sources.count() == 1
        assert "0.51 USD" in page(buyer, "/supply/parts/?q=drv&group=audio")
        assert "0.51 USD" in page(buyer, "/supply/parts/DRV-10/")

    def test_what_stands_open_is_shown(self, buyer: Client) -> None:
        sent(buyer, "/supply/registers/import/", kind="purchases", file=upload(HEAD, ROW))
        assert "their duty is not proved" in page(buyer, "/supply/")
        for what in ("bill", "lot", ""):
            assert "L1" in page(buyer, f"/supply/receipts/?open={what}")
        page(buyer, "/supply/receipts/?open=price")

    def test_rates(self, buyer: Client) -> None:
        form = {"currency": "USD", "kind": "customs", "valid_from": "2026-10-01", "valid_to": "2026-10-15",
                "rate": "84.25"}  # fmt: skip
        assert buyer.post("/supply/rates/", form).status_code == 302
        assert "rate.overlaps" in sent(buyer, "/supply/rates/", 422, **(form | {"valid_to": "2026-10-16"}))
        assert "rate.amount" in sent(buyer, "/supply/rates/", 422, **(form | {"rate": "0"}))
        assert ExchangeRate.objects.count() == 1
        assert "84.25" in page(buyer, "/supply/rates/?currency=USD&kind=customs")

    def test_bills_of_entry_show_what_the_tables_have(self, buyer: Client) -> None:
        head = "BE No,BE Date,Port Code,Supplier,Invoice No,Item SrNo,Part No,CTH,COO,Qty,Item value,Inv Curr,Rate of exchange,BCD Rate"  # noqa: E501
        row = "45,2023-10-09,INDEL4,SHENZHEN,INV-7,1,DRV-10,85189000,CN,3000,1500,USD,84.5,15"
        sent(buyer, "/supply/registers/import/", kind="bills-of-entry", file=upload(head, row))
        shown = page(buyer, "/supply/bills/?number=45")
        assert "! 0 / 10 %" in shown
        assert "85189000" in shown
        page(buyer, "/supply/bills/?number=nothing&after=xx")

    def test_duty_tables_say_what_is_not_known(self, buyer: Client) -> None:
        shown = page(buyer, "/supply/parts/duties/")
        assert "Populated circuit board" in shown
        assert "unverified" in shown

    @pytest.mark.parametrize("address", ["/supply/suppliers/none/", "/supply/parts/none/",
    "/supply/parts/%00/",
                                         "/supply/suppliers/%00/"])  # fmt: skip
    def test_what_is_not_there_is_not_found(self, buyer: Client, address: str) -> None:
        assert buyer.get(address).status_code == 404

    @pytest.mark.parametrize("value", ["\x00", "NaN", "9" * 60, "1e99", "-1", "٣", "<script>"])
    def test_no_form_ends_in_a_fault(self, buyer: Client, value: str) -> None:
        names = ("code", "name", "country", "role", "tax_id", "brand", "number", "percent", "valid_from",
        "valid_to",
                 "file_sha256", "price", "currency", "minimum", "channel", "origin", "rate", "kind",
                 "supplier",
                 "hsn", "approved_on", "duty_percent")  # fmt: skip
        form = dict.fromkeys(names, value)
        for address in (
            "/supply/suppliers/",
            "/supply/suppliers/SHENZHEN/",
            "/supply/parts/",
            "/supply/rates/",
        ):
            for act in ("", "certificate", "price", "source"):
                assert buyer.post(address, form | {"act": act}).status_code in (302, 422)
        for act in ("price", "source", ""):
            Part.objects.get_or_create(number="P")
            assert buyer.post("/supply/parts/P/", form | {"act": act}).status_code in (302, 422)
        for address in ("suppliers", "parts", "rates", "bills", "receipts", "registers"):
            query = dict.fromkeys(
                ("q", "after", "group", "role", "currency", "kind", "number", "open"), value
            )
            assert buyer.get(f"/supply/{address}/", query).status_code == 200
