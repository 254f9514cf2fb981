"""Anything at all as input: a report or a refusal, within bounded memory and time, and never a fault."""

from __future__ import annotations

import io
import random
import time
import zipfile
from collections.abc import Callable

import pytest
from bom_samples import TEXT_SAMPLES, workbook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from karkhana.design.bom import BomReport, limits, read_bom
from karkhana.design.bom.designators import parse_designators
from karkhana.design.bom.quantities import parse_quantity
from karkhana.kernel.refusals import Refused

SECONDS = 15  # generous, for slow machines; each case takes a second or two


def outcome(data: bytes) -> str:
    """The code of the refusal, or ``report``; checks that either is complete."""
    try:
        report = read_bom(data, file_name="odd {name}.csv")
    except Refused as refused:
        refusal = refused.refusal
        assert all((refusal.code.startswith("bom."), refusal.message, refusal.next_step))
        return refusal.code
    assert report.lines
    answer = report.as_dict("P", "A")
    assert answer["lines"] == len(report.lines)
    return "report"


def edited(data: bytes, part: str, edit: Callable[[bytes], bytes]) -> bytes:
    """A workbook with one of its parts changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, edit(old.read(name)) if name.endswith(part) else old.read(name))
    return out.getvalue()


BOOK = workbook(BOM=[["Ref", "Qty", "MPN"], ["C1", 1, "GRM188R71"], ["R1", 1, "RC0603FR"]])
END = b"</sheetData>"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "bom.empty"),
        (b"\n , ,\n", "bom.empty"),
        (b"Reference,Quantity,Value\n", "bom.empty"),
        (b"\xef\xbb\xbf", "bom.empty"),
        (b"\x00" * 10_000, "bom.unreadable"),
        (b"Ref,Qty\nR1\x00,1\n", "bom.unreadable"),
        (b"\xff\xfeR", "bom.unreadable"),
        (b"%PDF-1.7 ...", "bom.unreadable"),
        (b"\x89PNG\r\n\x1a\n", "bom.unreadable"),
        (b"<!DOCTYPE html><html><body>ibom", "bom.not_a_bom"),
        (b'<?xml version="1.0"?><export/>', "bom.not_a_bom"),
        (b'{"bom": []}', "bom.not_a_bom"),
        (b"(kicad_pcb (version 20221018))", "bom.not_a_bom"),
        (b"Dear all,\nplease find attached the minutes.\nRegards\n", "bom.not_a_bom"),
        (b"R1,10k,0603\nR2,10k,0603\nC1,1u,0402\nU1,LM358,SO8\n", "bom.no_header"),
        (b"C1 10.16 20.32  90 100n C0603\nR1 12.16 20.32  90 10k R0603\n", "bom.is_placement"),
        (
            b"# Ref     Val       Package    PosX       PosY       Rot  Side\n"
            b"C1        100n      C_0603     112.3000   -88.1000   90.0  top\n",
            "bom.is_placement",
        ),
        (b"Net,Pins\nGND,C1.2 R1.1\nVCC,C1.1\n", "bom.not_a_bom"),
        (b"Reference,Quantity,Value\n" + b"R1,1,10k\n" * 1_000_000, "bom.too_large"),
        (b"Reference,Quantity,Value\n" * 20_000, "bom.too_large"),
        (b"Reference,Value\n" + b"R1-R1999,10k\n" * 30_000, "bom.too_large"),
        (b"," * 5_000_000, "bom.unreadable"),
        (b'"' * 2_000_001, "bom.unreadable"),
        (b"a" * (limits.MAX_BYTES + 1), "bom.too_large"),
        (BOOK[: len(BOOK) // 2], "bom.truncated"),
        (BOOK[:-40], "bom.truncated"),
        (b"PK\x03\x04" + b"\x11" * 900, "bom.truncated"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x01" * 300, "bom.truncated"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value[:24]),
)
def test_odd_files_are_refused(data: bytes, code: str) -> None:
    start = time.monotonic()
    assert outcome(data) == code
    assert time.monotonic() - start < SECONDS


def test_two_hundred_megabytes_of_noise() -> None:
    block = random.Random(7).randbytes(1 << 20)
    assert outcome(block * 200) == "bom.too_large"
    assert outcome(block * 40) == "bom.unreadable"


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda xml: xml.replace(END, b" " * 250_000_000 + END), "bom.too_large"),
        (
            lambda xml: xml.replace(END, b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>' + END),
            "bom.too_large",
        ),
        (
            lambda xml: xml.replace(END, b'<row r="1000000"><c r="A1000000"><v>1</v></c></row>' + END),
            "bom.too_large",
        ),
        (lambda xml: xml[:300], None),
        (lambda xml: b"", None),
    ],
    ids=["bomb", "corner", "tall", "cut", "gone"],
)
def test_hostile_workbooks(edit: Callable[[bytes], bytes], code: str | None) -> None:
    start = time.monotonic()
    found = outcome(edited(BOOK, "sheet1.xml", edit))
    assert found == code or code is None
    assert time.monotonic() - start < SECONDS


def test_an_encrypted_workbook() -> None:
    ole = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 2000 + "EncryptedPackage".encode("utf-16-le")
    assert outcome(ole) == "bom.encrypted"


def test_an_archive_that_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("board-F_Cu.gbr", "G04*")
    assert outcome(out.getvalue()) == "bom.unreadable"


def test_the_largest_accepted_bill_takes_seconds() -> None:
    lines = limits.MAX_ROWS - 10
    start = time.monotonic()
    assert (
        outcome(b"Ref,Qty,Value,MPN\n" + b"".join(b"R%d,1,10k,RC0603FR\n" % n for n in range(lines)))
        == "report"
    )
    assert time.monotonic() - start < SECONDS


@pytest.mark.parametrize(
    "cell",
    [
        "A1" * 10_000,
        "R1 - " * 6_000,
        "(" * 30_000,
        "NF(" + "A1 " * 9_000,
        "not " * 8_000,
        "10/" * 10_000,
        "1 " * 15_000,
    ],
    ids=lambda cell: cell[:6],
)
def test_no_cell_makes_a_pattern_crawl(cell: str) -> None:
    start = time.monotonic()
    for column in range(5):
        cells = ["R1", "1", "10k", "RC0603", ""]
        cells[column] = cell
        outcome(("Ref,Qty,Value,MPN,Notes\n" + ",".join(cells) + "\nR2,1,1k,X1,\n").encode())
    assert time.monotonic() - start < SECONDS


def test_a_run_without_end_is_not_expanded() -> None:
    report = read_bom(b"Ref,Value\nR1-R99999999,10k\nR2,1k\n", file_name="a.csv")
    assert report.placements <= 3


@given(st.binary(max_size=3000))
@settings(max_examples=200, deadline=None)
def test_random_bytes(data: bytes) -> None:
    outcome(data)


_VOCABULARY = (
    "Ref Reference Designator Part Parts Component Qty Quantity MPN Value Comment DNP Place Manufacturer"
    " LibRef MidX MidY SKU LCSC Supplier Notes Item R1 R1,R2 C1-C9 J1-2 1 2 1,000 0,5 x YES NO NF(R1) total"
    " Total: NC 10k ; |"
)
_WORDS = st.sampled_from(_VOCABULARY.split())
_CELLS = st.one_of(_WORDS, st.text(max_size=12), st.just(""))


@given(st.lists(st.lists(_CELLS, max_size=7), max_size=14), st.sampled_from(",;\t|"), st.booleans())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_tables(table: list[list[str]], mark: str, quoted: bool) -> None:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if quoted else text

    text = "\n".join(mark.join(map(cell, row)) for row in table)
    outcome(text.encode("utf-8", "surrogatepass"))


@given(st.sampled_from(TEXT_SAMPLES), st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_samples(sample: object, data: st.DataObject) -> None:
    good = bytearray(sample.data())  # type: ignore[attr-defined]
    for _ in range(data.draw(st.integers(1, 12))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    outcome(bytes(good[: data.draw(st.integers(1, len(good)))]))


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_damaged_workbooks(data: st.DataObject) -> None:
    good = bytearray(BOOK)
    for _ in range(data.draw(st.integers(1, 8))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    outcome(bytes(good))


@given(st.text(max_size=80), st.none() | st.integers(0, 99))
def test_designators_of_any_text(text: str, quantity: int | None) -> None:
    assert all(parse_designators(text, quantity).names)


@given(st.text(max_size=40))
def test_quantity_of_any_text(text: str) -> None:
    quantity = parse_quantity(text)
    assert quantity is None or quantity >= 0


@given(
    st.lists(
        st.tuples(st.sampled_from("RCLDQUJ"), st.integers(1, 9999)), min_size=1, max_size=40, unique=True
    )
)
def test_designators_come_back_in_order(pairs: list[tuple[str, int]]) -> None:
    names = tuple(f"{letter}{number}" for letter, number in pairs)
    for joined in (
        ",".join(names),
        ", ".join(names),
        " ".join(names) + " ",
        "\n".join(names),
        ";".join(names),
    ):
        assert parse_designators(joined, len(names)).names == names


def test_reports_do_not_depend_on_the_name_of_the_file() -> None:
    for sample in TEXT_SAMPLES:
        reports: list[BomReport] = [read_bom(sample.data(), file_name=name) for name in ("a.xlsx", "DNP.pdf")]
        assert reports[0] == reports[1]
