"""Registers read into the books: good rows are kept, refused ones named, nothing is booked twice."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.db import connection

from karkhana.kernel.refusals import Refused
from karkhana.partners.operations import ensure_brand
from karkhana.supply.landed.rules import share_by_quantity
from karkhana.supply.models import (
    BillOfEntry,
    ExchangeRate,
    LocalContentCertificate,
    Part,
    PartPrice,
    Receipt,
    RegisterLayout,
    RegisterRefusal,
    RegisterRun,
    Supplier,
)
from karkhana.supply.rates.queries import rate_on
from karkhana.supply.registers import operations
from karkhana.supply.registers.context import Settings
from karkhana.supply.registers.looking import preview
from karkhana.supply.registers.operations import Report, import_register
from karkhana.supply.sources.operations import set_supplier

NOW = dt.datetime(2026, 11, 20, 9, 0, tzinfo=dt.UTC)
HEAD = "Lot,Supplier,Part,Invoice,Line,Invoice date,Qty,Value,Currency,Exchange rate,HSN,Origin"
CN = "L1,SHENZHEN,DRV-10,INV-7,1,2026-10-05,1000,500.00,USD,84.5,8518 90 00,CN"


@pytest.fixture
def suppliers(db: None) -> None:
    set_supplier(code="SHENZHEN", name="Shenzhen Drivers Ltd", country_code="CN")
    set_supplier(code="PUNE", name="Pune Plastics", country_code="IN", tax_id="27AAPFU0939F1ZV")
    set_supplier(code="DELHI", name="Delhi Traders", country_code="IN", role="distributor")
    ensure_brand(code="OSTREL", name="Ostrel")
    set_supplier(code="OSTREL-FREE", name="Ostrel", country_code="IN", role="brand", brand="OSTREL")


@pytest.fixture
def read(tmp_path: Path, suppliers: None) -> Callable[..., Report]:
    def run(*lines: str, kind: str = "purchases", encoding: str = "utf-8", **said: Any) -> Report:
        path = tmp_path / "register.csv"
        path.write_bytes("\n".join(lines).encode(encoding))
        dry_run = said.pop("dry_run", False)
        return import_register(kind=kind, path=path, now=NOW, settings=Settings(**said), dry_run=dry_run)

    return run


def refusals(report: Report) -> list[tuple[int, str, str]]:
    return [(one["line"], one["field"], one["code"]) for one in report.refusals]


Read = Callable[..., Report]


class TestPurchases:
    def test_rows_become_receipts_with_their_channel_and_rupees(self, read: Read) -> None:
        report = read(
            f"{HEAD},CGST,SGST,Freight",
            f"{CN},,,20",
            "L2,PUNE,BOX-1,B/1,1,2026-10-06,500,12000,INR,,3923 10,IN,1080,1080,",
            "L3,DELHI,IC-9,D-1,1,2026-10-07,100,9000,INR,,85423100,TW,,,",
            "L4,PUNE,IC-9,B/2,1,2026-10-07,100,9000,INR,,85423100,TW,,,",
            "L5,OSTREL-FREE,IC-8,O-1,1,2026-10-07,100,0,INR,,85423100,,,,",
        )
        assert (report.made, report.refused, report.same) == (5, 0, 0)
        found = {receipt.lot: receipt for receipt in Receipt.objects.all()}
        channels = [found[f"L{number}"].channel for number in range(1, 6)]
        assert channels == ["import", "domestic", "reseller", "reseller", "consigned"]
        assert (found["L1"].price, found["L1"].cif) == (Decimal("42250"), Decimal("43940"))
        assert found["L1"].bill_item is None
        assert (found["L2"].price, found["L2"].tax, found["L2"].landed) == (12000, 2160, 12000)
        assert found["L2"].hsn == "392310"
        assert (found["L1"].file_line, found["L5"].file_line) == (2, 6)

    def test_the_same_rows_again_change_nothing(self, read: Read) -> None:
        read(HEAD, CN)
        before = Receipt.objects.values().get()
        again = read(HEAD, CN, CN)
        assert (again.made, again.same, again.refused) == (0, 2, 0)
        assert Receipt.objects.values().get() == before

    @pytest.mark.parametrize(
        ("old", "new", "field"),
        [("1000,500.00", "1000,600.00", "value"), ("1000,", "999,", "quantity"), ("SHENZHEN", "PUNE",
        "supplier"),
         ("84.5", "84.6", "exchange_rate"), (",CN", ",KR", "origin"), ("DRV-10", "DRV-11", "part")],
    )  # fmt: skip
    def test_a_lot_with_other_content_is_refused_naming_both(
        self, read: Read, old: str, new: str, field: str
    ) -> None:
        read(HEAD, CN)
        report = read(HEAD, CN.replace(old, new))
        ((line, named, code),) = refusals(report)
        assert (line, code) == (2, "receipt.differs")
        assert named == {"exchange_rate": "rate"}.get(field, field)
        assert "line 2, read 2026-11-20" in report.refusals[0]["message"]
        assert Receipt.objects.count() == 1

    @pytest.mark.parametrize(
        ("row", "field", "code"),
        [
            (CN.replace("USD,84.5", ",84.5"), "currency", "currency.missing"),
            (CN.replace("USD", "XYZ"), "currency", "currency.unknown"),
            (CN.replace("84.5", ""), "exchange_rate", "rate.unknown"),
            (CN.replace("84.5", "-1"), "exchange_rate", "rate.amount"),
            (CN.replace("8518 90 00", "85189"), "hsn", "hsn.invalid"),
            (CN.replace("8518 90 00", ""), "hsn", "register.missing"),
            (CN.replace("1000", "-5"), "quantity", "quantity.not_positive"),
            (CN.replace("1000", "0"), "quantity", "quantity.not_positive"),
            (CN.replace("1000", "NaN"), "quantity", "number.unreadable"),
            (CN.replace("1000", "9" * 30), "quantity", "number.too_large"),
            (CN.replace("500.00", "0"), "value", "price.not_positive"),
            (CN.replace("500.00", "-1"), "value", "price.not_positive"),
            (CN.replace("SHENZHEN", "NOBODY"), "supplier", "supplier.unknown"),
            (CN.replace(",CN", ",China"), "origin", "country.unknown"),
            (CN.replace("2026-10-05", "2027-10-05"), "invoice_date", "date.future"),
            (CN.replace("2026-10-05", "05/04/2026"), "invoice_date", "date.ambiguous"),
            (CN.replace("INV-7", "INV\x00-7"), "invoice", "text.unprintable"),
            (CN.replace("INV-7", "9" * 41), "invoice", "text.too_long"),
            (CN.replace(",1,2026", ",0.5,2026"), "invoice_line", "number.not_whole"),
        ],
    )
    def test_a_bad_row_is_refused_alone_with_line_and_field(
        self, read: Read, row: str, field: str, code: str
    ) -> None:
        report = read(HEAD, row.replace("L1", "L9"), CN)
        assert refusals(report) == [(2, field, code)]
        assert report.made == 1
        stored = RegisterRefusal.objects.get()
        assert (stored.line, stored.field, stored.code) == (2, field, code)
        assert report.refusals[0]["fields"]["file"] == "register.csv"

    def test_the_record_of_the_floor_is_not_contradicted(self, read: Read) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ledger_lot (lot, part, received_at, station) VALUES ('L1', 'DRV-99', now(), 'S')"
            )
        assert refusals(read(HEAD, CN)) == [(2, "part", "receipt.part_differs")]

    def test_a_register_without_lots_names_them_by_supplier_invoice_and_line(self, read: Read) -> None:
        head = HEAD.removeprefix("Lot,")
        row = CN.removeprefix("L1,")
        read(head, row, row.replace(",1,2026", ",2,2026"))
        assert set(Receipt.objects.values_list("lot", flat=True)) == {"SHENZHEN/INV-7/1", "SHENZHEN/INV-7/2"}

    def test_a_register_without_lots_and_lines_refuses_what_it_cannot_tell_apart(self, read: Read) -> None:
        head = "Supplier,Part,Invoice,Invoice date,Qty,Value,Currency,Exchange rate,HSN"
        row = "SHENZHEN,DRV-10,INV-7,2026-10-05,1000,500.00,USD,84.5,85189000"
        report = read(head, row, row.replace("1000", "2000"))
        assert (report.made, refusals(report)) == (1, [(3, "quantity", "receipt.differs")])
        assert Receipt.objects.get().lot == "SHENZHEN/INV-7/DRV-10"

    def test_suppliers_are_made_known_when_asked_for(self, read: Read) -> None:
        head = HEAD + ",Supplier country,GSTIN"
        rows = (
            CN.replace("SHENZHEN", "Busan Cells") + ",KR,",
            CN.replace("SHENZHEN", "Acme Connectors").replace("L1", "L2") + ",,29AAFCC9980M1ZR",
            CN.replace("SHENZHEN", "Nowhere").replace("L1", "L3") + ",,",
        )
        report = read(head, *rows, create_suppliers=True)
        assert refusals(report) == [(4, "supplier_country", "supplier.no_country")]
        assert report.suppliers_created == ["BUSAN-CELLS", "ACME-CONNECTORS"]
        assert Supplier.objects.get(code="ACME-CONNECTORS").country == "IN"
        assert read(head, *rows[:2], create_suppliers=True).same == 2

    def test_a_supplier_is_found_by_tax_number_and_name(self, read: Read) -> None:
        head = HEAD + ",GSTIN"
        row = "L2,Somebody,BOX-1,B/1,1,2026-10-06,5,120,INR,,3923,,27AAPFU0939F1ZV"
        report = read(head, row, "L3,pune plastics,BOX-1,B/2,1,2026-10-06,5,120,INR,,3923,,")
        assert (report.made, report.refused) == (2, 0)

    def test_a_booked_rate_is_used_where_the_register_gives_none(self, read: Read) -> None:
        rates = read("Currency,From,To,Rate,Per", "USD,2026-10-01,2026-10-31,84.25,1", kind="rates")
        assert rates.made == 1
        read(HEAD, CN.replace("84.5", ""))
        assert Receipt.objects.get().rate == Decimal("84.25")

    def test_a_whole_file_may_have_one_currency(self, read: Read) -> None:
        head = "Supplier,Part,Invoice,Invoice date,Qty,Taxable value (INR),HSN"
        assert read(head, "PUNE,BOX,B-1,2026-10-06,5,120.50,3923").made == 1
        head = head.replace(" (INR)", "")
        row = "PUNE,BOX,B-2,2026-10-06,5,120.50,3923"
        assert refusals(read(head, row)) == [(2, "currency", "currency.missing")]
        assert read(head, row, currency="INR").made == 1


class TestBillsOfEntry:
    HEAD = (
        "BE No,BE Date,Port Code,Supplier Name,Invoice No,Item SrNo,Part No,CTH,COO,Qty,Item value,Inv Curr,"
        "Exchange Rate,Ass. Value,BCD Rate,BCD Amt,SWS Amt,IGST Amt"
    )
    ROW = (
        "4501234,2026-10-09,INDEL4,SHENZHEN,INV-7,1,DRV-10,85189000,C"
        "N,3000,1500,USD,84.5,130000,15,19500,1950,27261"
    )

    def test_the_bill_that_comes_later_completes_the_receipts(self, read: Read) -> None:
        read(HEAD, CN, CN.replace("L1", "L2").replace(",1,2026", ",2,2026").replace("1000", "2000"))
        assert Receipt.objects.filter(bill_item=None).count() == 2
        report = read(self.HEAD, self.ROW, kind="bills-of-entry")
        assert (report.made, report.refused) == (1, 0)
        first, second = Receipt.objects.order_by("lot")
        assert first.bill_item is not None
        assert first.cif == Decimal("43333.333334")
        assert (first.duty, second.duty) == (Decimal(7150), Decimal(14300))
        assert first.landed == first.cif + first.duty
        assert first.igst == Decimal(9087)

    def test_a_number_that_comes_again_on_another_day_is_remarked(self, read: Read) -> None:
        again = self.ROW.replace("2026-10-09", "2026-10-10")
        report = read(self.HEAD, self.ROW, again, again, kind="bills-of-entry")
        assert (report.made, report.same, report.refused) == (2, 1, 0)
        said = [(one["line"], one["code"]) for one in report.remarks if one["code"] == "bill.number_again"]
        assert said == [(3, "bill.number_again")]

    def test_the_bill_that_came_first_is_found(self, read: Read) -> None:
        read(self.HEAD, self.ROW, kind="bills-of-entry")
        read(HEAD, CN.replace(",CN", ","))
        receipt = Receipt.objects.get()
        assert (receipt.bill_item is not None, receipt.origin, receipt.duty) == (True, "CN", Decimal(7150))

    def test_more_than_the_bill_has_waits(self, read: Read) -> None:
        read(self.HEAD, self.ROW, kind="bills-of-entry")
        read(HEAD, CN.replace("1000", "2500"), CN.replace("L1", "L2"))
        by_lot = dict(Receipt.objects.values_list("lot", "bill_item"))
        assert by_lot["L1"] is not None
        assert by_lot["L2"] is None

    def test_a_bill_is_booked_once(self, read: Read) -> None:
        read(self.HEAD, self.ROW, kind="bills-of-entry")
        again = read(self.HEAD, self.ROW, self.ROW.replace(",1,DRV-10", ",2,DRV-11"), kind="bills-of-entry")
        assert (again.made, again.same) == (1, 1)
        for old, new, field in (
            ("84.5,", "84.6,", "rate"),
            ("3000", "3001", "quantity"),
            (",CN", ",KR", "origin"),
        ):
            report = read(self.HEAD, self.ROW.replace(old, new), kind="bills-of-entry")
            assert refusals(report) == [(2, field, "bill.differs")]
        assert BillOfEntry.objects.get().items.count() == 2

    @pytest.mark.parametrize(
        ("old", "new", "field", "code"),
        [("85189000", "8518", "hsn", "hsn.invalid"), (",CN", ",", "origin", "register.missing"),
         ("2026-10-09", "2028-01-01", "date", "date.future"), (",15,", ",-1,", "duty_percent",
         "percent.range"),
         ("130000", "-1", "assessable", "amount.negative")],
    )  # fmt: skip
    def test_bad_items_are_refused(self, read: Read, old: str, new: str, field: str, code: str) -> None:
        report = read(self.HEAD, self.ROW.replace(old, new), kind="bills-of-entry")
        assert refusals(report) == [(2, field, code)]

    def test_a_rate_that_no_table_has_is_remarked_not_refused(self, read: Read) -> None:
        row = self.ROW.replace("2026-10-09", "2023-10-09")
        report = read(self.HEAD, row, kind="bills-of-entry")
        assert (report.made, report.remarks_total) == (1, 1)
        assert "the tables have 0, 10 %" in report.remarks[0]["message"]

    def test_amounts_that_the_row_lacks_follow_from_its_rate(self, read: Read) -> None:
        head = self.HEAD.removesuffix(",Ass. Value,BCD Rate,BCD Amt,SWS Amt,IGST Amt") + ",BCD Rate"
        row = self.ROW.removesuffix(",130000,15,19500,1950,27261") + ",15"
        read(head, row, kind="bills-of-entry")
        item = BillOfEntry.objects.get().items.get()
        assert (item.assessable, item.duty, item.surcharge) == (
            126750,
            Decimal("19012.5"),
            Decimal("1901.25"),
        )

    def test_shares_are_never_understated(self) -> None:
        share = share_by_quantity(
            assessable=Decimal(100), duty=Decimal(10), igst=Decimal(1), whole=Decimal(3), quantity=Decimal(1)
        )
        assert (share.cif, share.duty, share.igst) == tuple(
            map(Decimal, ("33.333334", "3.333334", "0.333334"))
        )


class TestFiles:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_any_encoding_and_delimiter(self, read: Read, encoding: str, delimiter: str) -> None:
        rows = (HEAD, CN.replace("INV-7", "Straße-7"))
        report = read(
            "Purchase register", "", *(row.replace(",", delimiter) for row in rows), encoding=encoding
        )
        assert (report.made, report.refused) == (1, 0)
        assert Receipt.objects.get().invoice == "Straße-7"

    @pytest.mark.parametrize("title", ["Purchase register", None])
    def test_a_workbook_with_real_dates_and_numbers(
        self, tmp_path: Path, suppliers: None, title: str | None
    ) -> None:
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        sheet.append([title])
        sheet.append([])
        sheet.append(HEAD.split(","))
        line = [
            "L1",
            "SHENZHEN",
            "DRV-10",
            70001,
            1,
            dt.date(2026, 10, 5),
            1.234,
            500.25,
            "USD",
            84.5,
            85189000,
            "CN",
        ]
        sheet.append(line)
        sheet.append(["Grand Total", None, None, None, None, None, None, 500.25])
        book.save(tmp_path / "r.xlsx")
        report = import_register(kind="purchases", path=tmp_path / "r.xlsx", now=NOW)
        assert (report.made, report.refused, report.skipped) == (1, 0, 1)
        receipt = Receipt.objects.get()
        assert (receipt.quantity, receipt.value, receipt.invoice) == (
            Decimal("1.234"),
            Decimal("500.25"),
            "70001",
        )
        assert (receipt.invoice_date, receipt.hsn, receipt.file_line) == (dt.date(2026, 10, 5), "85189000", 4)

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (b"", "register.empty"),
            (b"%PDF-1.7", "register.unreadable"),
            (b"PK\x03\x04rubbish", "register.unreadable"),
            (b"\x00\x01\x02\x03" * 50, "register.unreadable"),
            (b"hello\nworld\n", "register.no_headings"),
            (b"Part no,Qty\nA,1\n", "register.columns_missing"),
            ((HEAD + '\n"' + "x" * 40_000).encode(), "register.unreadable"),
        ],
    )
    def test_a_file_that_is_no_register_is_refused(
        self, tmp_path: Path, suppliers: None, data: bytes, code: str
    ) -> None:
        (tmp_path / "f").write_bytes(data)
        with pytest.raises(Refused) as refused:
            import_register(kind="purchases", path=tmp_path / "f", now=NOW)
        assert refused.value.refusal.code == code
        assert RegisterRun.objects.get().state == "failed"

    def test_what_is_said_of_a_layout_is_kept_for_the_next_file(self, read: Read) -> None:
        head = HEAD.replace("Value", "Worth")
        row = CN.replace("2026-10-05", "05/10/2026").replace("500.00", '"1,500"')
        with pytest.raises(Refused):
            read(head, row)
        said = {"columns": {"Worth": "value"}, "dates": "dmy", "decimal": "dot"}
        assert read(head, row, **said).made == 1
        assert RegisterLayout.objects.get().columns == {"Worth": "value"}
        assert read(head, row.replace("L1", "L2")).made == 1

    def test_a_dry_run_says_the_same_and_writes_nothing(self, read: Read) -> None:
        rows = (HEAD, CN, CN.replace("1000", "7"), CN.replace("L1", "L2"))
        dry = read(*rows, dry_run=True)
        assert not Receipt.objects.exists()
        assert not RegisterRun.objects.exists()
        real = read(*rows)
        assert (
            (dry.made, dry.refused, dry.codes) == (real.made, real.refused, real.codes) == (2, 1, dry.codes)
        )

    def test_the_preview_shows_what_became_what(self, tmp_path: Path, suppliers: None) -> None:
        path = tmp_path / "p.csv"
        path.write_text("\n".join([HEAD + ",Remarks", CN + ",late", CN.replace("1000", "x")]))
        shown = preview(kind="purchases", path=path)
        assert shown["columns"]["quantity"] == "Qty"
        assert shown["unused"] == ["Remarks"]
        assert shown["missing"] == []
        assert shown["first_rows"][0]["row"]["quantity"] == Decimal(1000)
        assert shown["first_rows"][1]["refusal"]["code"] == "number.unreadable"
        assert not RegisterRun.objects.exists()

    def test_chunks_are_accounted_one_by_one(self, read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(operations, "CHUNK", 3)
        rows = [
            CN.replace("L1", f"L{number}").replace(",1,2026", f",{number},2026") for number in range(1, 11)
        ]
        rows[4] = rows[4].replace("1000", "oops")
        report = read(HEAD, *rows)
        assert (report.lines, report.made, report.refused) == (10, 9, 1)
        run = RegisterRun.objects.get()
        assert (run.state, run.rows, run.lines, run.made, run.refused) == ("done", 10, 10, 9, 1)
        assert run.codes == {"number.unreadable": 1}


class TestLists:
    def test_rates_overlap_nothing(self, read: Read) -> None:
        head = "Currency,Rate type,From,To,Rate,Per,Notification"
        report = read(
            head,
            "USD,customs,2026-10-01,2026-10-15,84.25,1,N 71/2026",
            "JPY,customs,2026-10-01,2026-10-15,56.30,100,N 71/2026",
            "USD,customs,2026-10-15,2026-10-31,84.35,1,N 74/2026",
            "USD,reference,2026-10-15,2026-10-15,84.30,1,",
            "USD,customs,2026-10-01,2026-10-15,84.25,1,N 71/2026",
            "USD,weekly,2026-11-01,2026-11-15,84.25,1,",
            "USD,customs,2026-12-15,2026-12-01,84.25,1,",
            kind="rates",
        )
        assert (report.made, report.same) == (3, 1)
        assert [code for *_, code in refusals(report)] == ["rate.overlaps", "rate.kind", "validity.reversed"]
        assert rate_on("JPY", dt.date(2026, 10, 3), "customs") == Decimal("0.563")
        assert rate_on("INR", dt.date(1999, 1, 1), "customs") == 1
        with pytest.raises(Refused, match=r"rate\.unknown"):
            rate_on("USD", dt.date(2026, 10, 16), "customs")
        assert ExchangeRate.objects.count() == 3

    def test_certificates(self, read: Read) -> None:
        head = "Supplier,Certificate no,Part,Local content %,From,Until,SHA256"
        digest = "ab" * 32
        report = read(
            head,
            f"PUNE,LC/1,BOX-1,92.5,2026-04-01,2027-03-31,{digest}",
            f"PUNE,LC/1,BOX-1,92.5,2026-04-01,2027-03-31,{digest}",
            f"PUNE,LC/1,BOX-1,93.5,2026-04-01,2027-03-31,{digest}",
            f"PUNE,LC/2,BOX-1,100.5,2026-04-01,2027-03-31,{digest}",
            f"PUNE,LC/3,BOX-1,92.5,2027-04-01,2026-03-31,{digest}",
            "PUNE,LC/4,BOX-1,92.5,2026-04-01,2027-03-31,abc",
            kind="certificates",
        )
        assert (report.made, report.same) == (1, 1)
        assert [code for *_, code in refusals(report)] == [
            "certificate.differs", "certificate.percent", "validity.reversed", "certificate.file",
        ]  # fmt: skip
        assert LocalContentCertificate.objects.get().percent == Decimal("92.5")

    def test_suppliers_parts_and_prices(self, read: Read) -> None:
        report = read(
            "Code,Name,Country,Role,GSTIN",
            "BUSAN,Busan Cells,KR,maker,",
            "CHENNAI,Chennai Coils,IN,maker,29AAFCC9980M1ZX",
            "X,X,XX,maker,",
            kind="suppliers",
        )
        assert [code for *_, code in refusals(report)] == ["supplier.tax_id", "country.unknown"]
        assert read("Part no,Maker,Group,HSN", "CELL-1,Busan,battery,85076000", kind="parts").made == 1
        head = "Part no,Supplier,Unit price,Price unit,Currency,From,MOQ,Origin,BCD %"
        row = "CELL-1,BUSAN,1250,1000,USD,2026-10-01,500,KR,15"
        report = read(head, row, row, row.replace("1250", "1300"), row.replace("USD", ""), kind="prices")
        assert (report.made, report.same) == (1, 1)
        assert [code for *_, code in refusals(report)] == ["price.differs", "currency.missing"]
        price = PartPrice.objects.get()
        assert (price.price, price.channel, price.duty_percent) == (Decimal("1.25"), "import", 15)
        assert Part.objects.get().sources.get().supplier.code == "BUSAN"


def test_two_imports_at_once_book_every_row_once(
    fresh_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_supplier(code="SHENZHEN", name="Shenzhen Drivers Ltd", country_code="CN")
    monkeypatch.setattr(operations, "CHUNK", 10)
    rows = [CN.replace("L1", f"L{number}").replace(",1,2026", f",{number},2026") for number in range(1, 101)]
    bill = TestBillsOfEntry.ROW.replace("3000", "100000")
    files = (("purchases", [HEAD, *rows]), ("purchases", [HEAD, *reversed(rows)]),
             ("bills-of-entry", [TestBillsOfEntry.HEAD, bill]))  # fmt: skip
    reports: list[Report] = []

    def work(number: int) -> None:
        kind, lines = files[number]
        path = tmp_path / f"{number}.csv"
        path.write_text("\n".join(lines))
        try:
            reports.append(import_register(kind=kind, path=path, now=NOW))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(report.made for report in reports if report.kind == "purchases") == 100
    assert [report.refused for report in reports] == [0, 0, 0]
    assert Receipt.objects.filter(bill_item=None).count() == 0


def test_the_samples_are_read_as_their_guide_says(db: None) -> None:
    folder = Path(__file__).parents[3] / "scenarios" / "purchases"
    commands = [line.split() for line in (folder / "README.md").read_text().splitlines() if "import " in line]
    commands = [words for words in commands if words[0] == "karkhana"]
    assert len(commands) == 6
    for words in commands:
        settings = Settings(dates="dmy" if "--dates" in words else "")
        path = folder / Path(words[3]).name
        report = import_register(kind=words[2], path=path, now=NOW, settings=settings)
        assert (report.refusals, report.made > 0) == ([], True)
    waiting = Receipt.objects.filter(channel="import", bill_item=None)
    assert [receipt.lot for receipt in waiting] == ["SD-26-1062"]
    cells = Receipt.objects.get(part="CELL-55")
    assert (cells.quantity, cells.value, cells.duty) == (8000, Decimal("9240000.5"), Decimal(95205))
    assert set(Receipt.objects.values_list("channel", flat=True)) == {"import", "domestic", "reseller"}


def test_a_nul_in_a_heading_is_left_out_of_it(read: Callable[..., Report]) -> None:
    report = read(HEAD.replace("Lot", "L\0ot").replace("Origin", "Origin,No\0te"), CN + ",x")
    assert (report.made, report.refusals) == (1, [])
    assert RegisterRun.objects.get().settings["headings"][0] == "Lot"


def test_a_cell_without_end_is_named_with_its_line(read: Callable[..., Report]) -> None:
    with pytest.raises(Refused) as refused:
        read(HEAD, CN, "A" * 40_000 + CN)
    assert "line 3: a cell has more than 32,767 characters" in refused.value.refusal.message


def test_quotients_of_more_than_28_digits_are_refused_by_row(read: Callable[..., Report]) -> None:
    head = "BE number,BE date,Port,Item,Supplier,Invoice,Part,Qty,Value,Currency,Exchange rate,HSN,Origin,BCD"
    row = "7654321,2026-10-06,INNSA1,{},SHENZHEN,IV,D-9,1,{},85332129,CN,{}"
    huge = row.format(1, "0.000001,USD,0.00000001", 9 * 10**14)
    report = read(head, huge, row.format(2, "5,USD,84", 1), kind="bills-of-entry")
    assert [(one["line"], one["code"]) for one in report.refusals] == [(2, "percent.range")]
    assert report.made == 1
    head = "Currency,Kind,Valid from,Valid to,Rate,Per"
    rows = ("EUR,customs,2026-10-01,2026-10-15,999999999999999,0.000000001", "EUR,customs,2026-10-01,,90,1")
    report = read(head, *rows, kind="rates")
    assert [(one["line"], one["code"]) for one in report.refusals] == [(2, "rate.amount")]
    assert report.made == 1


def test_headings_of_plain_words_are_known(read: Callable[..., Report]) -> None:
    head = "Supplier,Number,Percent,Valid from,Valid to,File SHA-256"
    report = read(head, f"PUNE,LC-9,40,2026-04-01,2027-03-31,{'ab' * 32}", kind="certificates")
    assert report.made == 1
