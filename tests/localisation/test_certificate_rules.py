"""What a certificate says, and when it is refused; its files are the same whenever they are written."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zlib
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from karkhana.kernel.refusals import Refused
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.certificate.document import certificate_pdf, document_view
from karkhana.localisation.certificate.rules import canonical, number_of, proof_for, read_form, shown
from karkhana.localisation.certificate.workbook import certificate_xlsx
from karkhana.localisation.certificate.writing import grouped, parts, rupees
from karkhana.localisation.rules.pieces import Unproved
from localisation.certificates import AUDITED, DAY, HEAD, SAID, basis, data, form, taken

D = Decimal


def hash_of(found: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(found).encode()).hexdigest()


class TestForm:
    def test_a_good_form_is_read(self) -> None:
        read = form()
        assert read.places == ("Plot 7, Sector 63, Noida", "Unit 2, Greater Noida")
        assert (read.contract_value, read.hsn) == (D(50000000), "85183019")
        assert form(udin="26012345abcdef1234").udin == "26012345ABCDEF1234"

    @pytest.mark.parametrize(
        ("field", "text"),
        [
            ("item", ""), ("signatory", "  "), ("places", " \n "), ("hsn", "85"), ("hsn", "abcd"),
            ("hsn", ""),
            ("contract_value", "NaN"), ("contract_value", "-5"), ("contract_value", "1e99"),
            ("contract_value", "ten"), ("contract_value", "0"), ("item", "x" * 201), ("udin", "1"),
            ("maker_id", "29AAGCB7383J1Z5"),
            ("contract_value", "Infinity"),
        ],
    )  # fmt: skip
    def test_a_bad_field_is_named(self, field: str, text: str) -> None:
        with pytest.raises(Refused) as no:
            form(**{field: text})
        assert no.value.refusal.code == "certificate.field"
        assert no.value.refusal.fields["field"] == field

    @pytest.mark.parametrize("text", ["शर्मा", "A\x00B", "王"])
    def test_letters_that_the_document_cannot_show_are_refused(self, text: str) -> None:
        with pytest.raises(Refused) as no:
            form(signatory=text)
        assert no.value.refusal.code == "certificate.letters"

    def test_a_form_of_nothing_is_refused(self) -> None:
        with pytest.raises(Refused):
            read_form({})


class TestProof:
    @pytest.mark.parametrize(
        ("value", "own"),
        [
            (None, True),
            (D(1), True),
            (D(100_000_000), True),
            (D("100000000.01"), False),
            (D(10) ** 12, False),
        ],
    )
    def test_above_ten_crore_an_auditor_certifies(self, value: Decimal | None, own: bool) -> None:
        proof = proof_for(method_for("PPP_MII", DAY), value)
        assert proof is not None
        assert proof.by.startswith("self") is own

    def test_the_auditor_must_be_named(self) -> None:
        with pytest.raises(Refused) as no:
            data(said=SAID | {"contract_value": "10,00,00,001"})
        assert no.value.refusal.code == "certificate.auditor"
        assert "statutory auditor" in no.value.refusal.message
        found = data(said=AUDITED)
        assert found["proof"] == {"by": "certificate of the statutory auditor or cost auditor", "own": False}
        view = document_view(found, hash_of(found))
        assert view["title"] == "Certificate of local content"
        assert [who[1] for who in view["signatures"]] == ["A. Sharma", "B. Rao & Co"]


class TestUnproved:
    def test_nothing_is_issued_on_what_is_not_proved(self) -> None:
        doubts = tuple(Unproved("certificate_expired", "BAT", f"L{i}", "SUP") for i in range(5))
        with pytest.raises(Refused) as no:
            data(basis=basis(unproved=doubts))
        refusal = no.value.refusal
        assert refusal.code == "certificate.unproved"
        assert "BAT L0 SUP" in refusal.message
        assert "and 2 more" in refusal.message
        assert [item["lot"] for item in refusal.fields["unproved"]] == ["L0", "L1", "L2", "L3", "L4"]


class TestContent:
    def test_the_figures_add_up(self) -> None:
        found = data()
        assert (found["result"]["percent"], found["result"]["certified"]) == ("48.391666666666", "48.39")
        assert found["result"]["local"] == "58070"
        tables = {part.title[0]: part for part in parts(found)}
        assert tables["B"].rows[-1] == ("Total", "", "", "", "", "42,000.00", "6,930.00", "48,930.00")
        assert tables["C"].rows[-1][-3:] == ("4,237.29", "762.71", "5,000.00")
        assert tables["D"].rows[-1][-3:] == ("18,000.00", "11,200.00", "6,800.00")
        assert tables["E"].rows == ()
        counted = sum(D(t.rows[-1][-1].replace(",", "")) for t in tables.values() if t.title[0] in "BCD")
        royalty = D(tables["F"].rows[1][-1].replace(",", ""))
        assert counted + royalty == D(found["result"]["imported"])

    def test_lots_that_are_alike_stand_on_one_row(self) -> None:
        two = basis(taken=(taken("A", "import", "10", lot="L1", cif="10"),
                           taken("A", "import", "20", lot="L2", cif="20"),
                           taken("A", "import", "5", lot="L3", cif="5", origin="VN")))  # fmt: skip
        table = next(part for part in parts(data(basis=two)) if part.title[0] == "B")
        assert [row[3:6] for row in table.rows] == [
            ("CN", "200", "30.00"),
            ("VN", "100", "5.00"),
            ("", "", "35.00"),
        ]

    def test_an_earlier_certificate_is_named(self) -> None:
        from dataclasses import replace

        head = replace(HEAD, number="LC/2026-27/0002", replaces="LC/2026-27/0001", replaces_sha256="cd" * 32)
        found = data(head, said=SAID | {"reason": "price corrected"})
        assert found["replaces"] == {
            "number": "LC/2026-27/0001", "sha256": "cd" * 32, "reason": "price corrected"
        }  # fmt: skip
        assert "LC/2026-27/0001" in dict(document_view(found, "0" * 64)["head"])["Replaces"]

    def test_numbers(self) -> None:
        assert number_of("2026-27", 7) == "LC/2026-27/0007"
        assert [grouped(text) for text in ("1", "1234", "-1234567.5", "123")] == [
            "1", "1,234", "-12,34,567.5", "123"
        ]  # fmt: skip
        assert rupees("0.005") == "0.01"
        assert shown("Łódź é ₹ 王 क") == "Łódź é ₹ ? ?"


class TestFiles:
    def test_the_pdf_is_the_same_each_time_and_says_the_percentage(self) -> None:
        found = data(said=AUDITED)
        first = certificate_pdf(found, hash_of(found))
        assert first == certificate_pdf(json.loads(canonical(found)), hash_of(found))
        assert first.startswith(b"%PDF-")
        assert b"LC/2026-27/0001" in first  # the document's keywords
        assert first != certificate_pdf(data(), hash_of(data()))

    def test_every_letter_of_the_pdf_is_drawn(self) -> None:
        """A letter without a glyph is drawn as glyph 0 of its font."""
        found = data(said=AUDITED)
        pdf = certificate_pdf(found, hash_of(found))
        streams = [zlib.decompress(s) for s in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
                   if s[:1] == b"\x78"]  # fmt: skip
        maps = b"\n".join(s for s in streams if b"begincmap" in s)
        assert b"20b9" in maps.lower(), "the rupee sign is in the document"

    def test_no_name_becomes_markup_or_formula(self) -> None:
        found = data()
        book = openpyxl.load_workbook(io.BytesIO(certificate_xlsx(found, hash_of(found))))
        lots = book["Lots, exact"]
        rows = list(lots.iter_rows(values_only=False))
        cell = next(row[3] for row in rows if row[0].value == "IC")
        assert (cell.data_type, cell.value[:11]) == ("s", "=HYPERLINK(")
        assert all(c.data_type != "f" for sheet in book for row in sheet.iter_rows() for c in row)

    def test_the_workbook_is_the_same_each_time_with_exact_amounts(self) -> None:
        exact = taken("A", "import", "0.123456789012345678", cif="0.1", lot="L1")
        found = data(basis=basis(taken=(exact,)))
        first = certificate_xlsx(found, hash_of(found))
        assert first == certificate_xlsx(found, hash_of(found))
        rows = list(openpyxl.load_workbook(io.BytesIO(first))["Lots, exact"].iter_rows(values_only=True))
        line = dict(zip(rows[0], rows[1], strict=True))
        assert line["value"] == "0.123456789012345678"
        assert line["cif"] == 0.1
