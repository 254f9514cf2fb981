"""How cells of a register are read: what is said is read exactly, what is ambiguous is refused."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from karkhana.kernel.refusals import Refused
from karkhana.supply.registers.rules import dates, numbers
from karkhana.supply.registers.rules.columns import (
    REFUSAL_HEADINGS,
    currency_of,
    fingerprint,
    propose,
    read_overrides,
)
from karkhana.supply.registers.rules.fields import BILLS, PURCHASES
from karkhana.supply.registers.rules.survey import Reader, survey


def read(cell: str, convention: str = "") -> Decimal | None:
    return numbers.read_number(cell, convention, field="value")[0]


def code_of(cell: str, convention: str = "") -> str:
    with pytest.raises(Refused) as refused:
        read(cell, convention)
    return refused.value.refusal.code


class TestNumbers:
    @pytest.mark.parametrize(
        ("cell", "value"),
        [
            ("1234", "1234"), ("1,234.56", "1234.56"), ("1.234,56", "1234.56"), ("1,23,456.50", "123456.50"),
            ("12,34,567", "1234567"), ("1.234.567", "1234567"), ("1,234,567", "1234567"), ("1 234,56",
            "1234.56"),
            ("1'234.5", "1234.5"), ("0,125", "0.125"), ("1234,5", "1234.5"), ("12.5", "12.5"), (".5", "0.5"),
            ("₹ 1,23,456.50", "123456.50"), ("Rs. 500", "500"), ("4 Nos", "4"), ("1,200.50 USD", "1200.50"),
            ("(25.00)", "-25.00"), ("25.00-", "-25.00"), ("-3", "-3"), ("7.5%", "7.5"), ("\x021.234",
            "1.234"),
            ("1\u00a0234,56", "1234.56"), ("1234.567", "1234.567"),
        ],
    )  # fmt: skip
    def test_what_says_itself_is_read_exactly(self, cell: str, value: str) -> None:
        assert read(cell) == Decimal(value)

    @pytest.mark.parametrize(
        ("cell", "dot", "comma"), [("1,234", "1234", "1.234"), ("12.500", "12.5", "12500")]
    )
    def test_what_is_ambiguous_is_read_as_the_column_says_or_refused(
        self, cell: str, dot: str, comma: str
    ) -> None:
        assert read(cell, "dot") == Decimal(dot)
        assert read(cell, "comma") == Decimal(comma)
        assert code_of(cell) == "number.ambiguous"
        assert code_of(cell, "mixed") == "number.ambiguous"

    @pytest.mark.parametrize(
        "cell", ["NaN", "inf", "12..5", "1,2,3", "abc", "12 boxes of", "1,23,45", "٣", "1.2.3"]
    )
    def test_what_is_no_number_is_refused(self, cell: str) -> None:
        assert code_of(cell) == "number.unreadable"

    def test_digits_lost_to_a_spreadsheet_and_huge_numbers_are_refused(self) -> None:
        assert code_of("8.51763E+07") == "number.scientific"
        assert code_of("9" * 40) == "number.too_large"
        assert code_of("\x02NaN") == "number.unreadable"
        assert code_of("0." + "1" * 12) == "number.too_long"
        assert code_of("1.234,56", "dot") == "number.other_convention"

    @given(st.decimals(min_value=0, max_value=10**9, places=2, allow_nan=False))
    def test_what_any_country_writes_is_read_back(self, number: Decimal) -> None:
        english = f"{number:,.2f}"
        german = english.translate(str.maketrans(",.", ".,"))
        assert read(english) == number
        assert read(german) == number


class TestDates:
    @pytest.mark.parametrize(
        "cell", ["2025-04-25", "25-04-2025", "25/04/25", "25-Apr-2025", "25 Apr 25", "20250425", "04/25/2025",
                 "\x032025-04-25", "2025-04-25T00:00:00", "25.04.2025 12:30"],
    )  # fmt: skip
    def test_what_says_itself_is_read(self, cell: str) -> None:
        assert dates.read_date(cell, "", field="date") == dt.date(2025, 4, 25)

    def test_what_is_ambiguous_is_read_in_the_stated_order_or_refused(self) -> None:
        assert dates.read_date("05/04/2025", "dmy", field="date") == dt.date(2025, 4, 5)
        assert dates.read_date("05/04/2025", "mdy", field="date") == dt.date(2025, 5, 4)
        assert dates.read_date("04-04-25", "", field="date") == dt.date(2025, 4, 4)
        for order in ("", "mixed"):
            with pytest.raises(Refused) as refused:
                dates.read_date("05/04/2025", order, field="date")
            assert refused.value.refusal.code == "date.ambiguous"

    @pytest.mark.parametrize(
        "cell", ["31/02/2025", "2025-13-01", "soon", "45000", "01-Foo-2025", "13/13/2025"]
    )
    def test_what_is_no_date_is_refused(self, cell: str) -> None:
        with pytest.raises(Refused) as refused:
            dates.read_date(cell, "dmy", field="date")
        assert refused.value.refusal.code == "date.unreadable"


TALLY = ["Date", "Particulars", "Supplier Invoice No.", "Name of Item", "HSN/SAC", "Quantity", "Rate",
"Value",
         "CGST", "SGST"]  # fmt: skip
MB51 = ["Material", "Material Description", "Plnt", "Batch", "Pstng Date", "Qty in Un. of Entry",
        "Amt.in Loc.Cur.", "Vendor", "Reference", "HSN Code", "Crcy"]  # fmt: skip
ICEGATE = ["BE No", "BE Date", "Port Code", "Supplier Name", "Invoice No", "Item SrNo", "Part No", "CTH",
"COO",
           "Qty", "Unit Price", "Inv Curr", "Exchange Rate", "Ass. Value", "BCD Rate", "BCD Amt", "SWS Amt",
           "IGST Amt"]  # fmt: skip


class TestColumns:
    def named(self, headings: list[str], fields: tuple, **said: str) -> dict[str, str]:
        layout = propose(headings, fields, said)
        return {name: headings[place] for name, place in layout.columns.items()}

    def test_headings_of_tally_are_known(self) -> None:
        found = self.named(TALLY, PURCHASES)
        wanted = {"invoice_date": "Date", "supplier": "Particulars", "invoice": "Supplier Invoice No.",
                  "part": "Name of Item", "hsn": "HSN/SAC", "quantity": "Quantity", "unit_price": "Rate",
                  "value": "Value", "cgst": "CGST", "sgst": "SGST"}  # fmt: skip
        assert found == wanted

    def test_headings_of_sap_are_known(self) -> None:
        found = self.named(MB51, PURCHASES)
        assert {
            "part",
            "lot",
            "invoice_date",
            "quantity",
            "value",
            "supplier",
            "invoice",
            "hsn",
            "currency",
        } == set(found)
        assert (found["part"], found["lot"], found["value"]) == ("Material", "Batch", "Amt.in Loc.Cur.")

    def test_headings_of_icegate_are_known(self) -> None:
        found = self.named(ICEGATE, BILLS)
        assert len(found) == len(ICEGATE)
        assert propose(ICEGATE, BILLS).missing == ()

    def test_what_is_said_counts_more(self) -> None:
        said = read_overrides(["Rate=value", "Value="])
        layout = propose(TALLY, PURCHASES, said)
        assert TALLY[layout.columns["value"]] == "Rate"
        assert "unit_price" not in layout.columns
        assert "Value" in layout.unused

    @pytest.mark.parametrize(
        ("said", "code"),
        [({"Nothing": "value"}, "register.map_heading"), ({"Value": "worth"}, "register.map_field")],
    )
    def test_what_is_said_must_fit(self, said: dict[str, str], code: str) -> None:
        with pytest.raises(Refused) as refused:
            propose(TALLY, PURCHASES, said)
        assert refused.value.refusal.code == code

    def test_what_is_missing_is_told(self) -> None:
        assert propose(["Part no", "Qty"], PURCHASES).missing == (
            "supplier", "invoice", "invoice_date", "value", "hsn",
        )  # fmt: skip

    def test_a_heading_may_name_the_currency(self) -> None:
        assert currency_of("Taxable value (INR)") == "INR"
        assert currency_of("Value in USD") == "USD"
        assert currency_of("Value ₹") == "INR"
        assert currency_of("Value") == ""
        assert propose(["Taxable Value (INR)", "Qty"], PURCHASES).currency == "INR"

    def test_the_same_headings_have_the_same_fingerprint(self) -> None:
        assert fingerprint("purchases", ["Qty ", "Part No."]) == fingerprint("purchases", ["qty", "Part no"])
        assert fingerprint("purchases", ["Qty"]) != fingerprint("rates", ["Qty"])
        assert fingerprint("purchases", [*REFUSAL_HEADINGS, "Qty"]) == fingerprint("purchases", ["Qty"])


class TestSurvey:
    HEADINGS = ("Part no", "Qty", "Value", "Invoice date")

    def reader(self, rows: list[list[str]], **said: str) -> Reader:
        layout = propose(self.HEADINGS, PURCHASES)
        found = survey(enumerate(rows), layout, PURCHASES, **said)
        return Reader(PURCHASES, dict(layout.columns), found.conventions, ("part", "quantity"))

    def test_one_cell_decides_for_its_column_and_the_file(self) -> None:
        rows = [["R1", "1,234", "1,234", "05/04/2025"], ["R2", "10", "99,50", "25/04/2025"]]
        reader = self.reader(rows)
        row = reader.read(rows[0])
        assert (row["quantity"], row["value"]) == (Decimal("1.234"), Decimal("1.234"))
        assert row["invoice_date"] == dt.date(2025, 4, 5)

    def test_columns_that_differ_are_read_each_in_its_own_way(self) -> None:
        rows = [["R1", "1,234", "1.234,50", "2025-04-05"], ["R2", "1,234.5", "2.000", "2025-04-05"]]
        reader = self.reader(rows)
        assert reader.read(rows[0])["quantity"] == Decimal(1234)
        assert reader.read(rows[1])["value"] == Decimal(2000)

    def test_a_column_in_both_ways_reads_what_says_itself_and_refuses_the_rest(self) -> None:
        rows = [["R1", "1", "1.234,50", ""], ["R2", "1", "1,234.50", ""], ["R3", "1", "1,234", ""]]
        reader = self.reader(rows)
        assert reader.read(rows[0])["value"] == reader.read(rows[1])["value"] == Decimal("1234.5")
        with pytest.raises(Refused) as refused:
            reader.read(rows[2])
        assert refused.value.refusal.code == "number.ambiguous"
        assert refused.value.refusal.fields["field"] == "value"

    def test_a_total_is_no_row(self) -> None:
        reader = self.reader([])
        assert reader.is_total(["Grand Total", "", "1,234"])
        assert not reader.is_total(["TOTAL-CAP-10", "5", "10"])
