"""Ranges: counted by hand, against published vectors, and that counting forth and back is one."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karkhana.kernel.identities import normalise
from karkhana.kernel.ranges import COUNT_MAX, RANGED, Range, parse_range, place_of, run_of, stored
from karkhana.kernel.templates import compile_template
from kernel.test_identities import vectors

BY_HAND = [
    # scheme, first, last, count: what comes of it.
    ("imei", "35-209900", "", None, "352099000000006", "352099009999992", 1_000_000),
    ("imei", "35209900176148", "35209900176148", None, "352099001761481", "352099001761481", 1),
    ("imei", "352099001761481", "", 2, "352099001761481", "352099001761499", 2),
    ("imeisv", "3520990017614823", "3520990017614923", None, "3520990017614823", "3520990017614923", 2),
    ("meid", "AF 01 23 45", "", None, "AF012345000000", "AF012345FFFFFF", 2**24),
    ("meid", "AF0123450ABCDE", "", 16, "AF0123450ABCDE", "AF0123450ABCED", 16),
    ("eui48", "70-B3-D5", "", None, "70B3D5000000", "70B3D5FFFFFF", 2**24),
    ("eui48", "70:b3:d5:1", "", None, "70B3D5100000", "70B3D51FFFFF", 2**20),
    ("eui48", "70B3D5123", "", None, "70B3D5123000", "70B3D5123FFF", 2**12),
    ("eui48", "70-B3-D5-12-30-00/36", "", None, "70B3D5123000", "70B3D5123FFF", 2**12),
    ("bluetooth", "70B3D5123FF0", "70B3D512400F", None, "70B3D5123FF0", "70B3D512400F", 32),
    ("eui64", "70B3D5", "", None, "70B3D50000000000", "70B3D5FFFFFFFFFF", 2**40),
    ("iccid", "899100090012345678", "", 2, "8991000900123456785", "8991000900123456793", 2),
    # The EID of GSMA SGP.02's example.
    ("eid", "89049032123451234512345678901235", "", 1, *["89049032123451234512345678901235"] * 2, 1),
    ("sscc", "37610425002123456", "", 2, "376104250021234569", "376104250021234576", 2),
    ("serial", "PH2601", "PH2699", None, "PH2601", "PH2699", 99),
    ("meter", "OST2600001", "", 5, "OST2600001", "OST2600005", 5),
    ("vin", "MA3EYD81S00100001", "MA3EYD81S00199999", None, "MA3EYD81S00100001", "MA3EYD81S00199999", 99_999),
    ("bpan", "INABC0000000000000009", "INABC0000000000000010", None, "INABC0000000000000009",
     "INABC0000000000000010", 2),
]  # fmt: skip


@pytest.mark.parametrize(("scheme", "first", "last", "count", "low", "high", "size"), BY_HAND)
def test_by_hand(
    scheme: str, first: str, last: str, count: int | None, low: str, high: str, size: int
) -> None:
    found = parse_range(scheme, first, last, count)
    assert (found.first, found.last, found.count) == (low, high, size)
    assert stored(scheme, found.first, found.count, found.stem) == found
    assert (found.index(low), found.index(high)) == (0, size - 1)
    for text in (low, high):
        space, normal = normalise(scheme, text)
        assert normal == text
        place = place_of("serial/ACME" if space == "serial" else space, text)
        name, begin, end = found.span("ACME")
        assert place is not None
        assert (place[0], begin <= place[1] < end) == (name, True)


def test_check_digits_of_published_imeis_are_computed() -> None:
    seen = 0
    for row in vectors():
        if row["scheme"] == "imei" and row["result"].isdigit() and len(row["result"]) == 15:
            found = parse_range("imei", row["result"][:14], "", 1)
            assert (found.first, found.index(row["result"])) == (row["result"], 0)
            seen += 1
    assert seen >= 2


@pytest.mark.parametrize(
    ("scheme", "first", "last", "count", "problem"),
    [
        ("imei", "", "", None, "first value is missing"),
        ("imei", "35209900", "", 5, "15 digits"),
        ("imei", "35209900999999", "", 2, "leaves a TAC: it goes from 35209900 to 35209901"),
        ("imei", "35209900000001", "352099000000", None, "15 digits"),
        ("imei", "35209900000001", "35209900000002", 2, "the last value or the count"),
        ("imei", "35209900000001", "", 0, "the count must be 1 to"),
        ("imei", "35209900000001", "", 10**40, "the count must be 1 to"),
        ("imei", "9" * 100_000, "", 1, "15 digits"),
        ("imei", "३५२०९९००", "", None, "not made of digits"),
        ("imeisv", "3520990017614823", "3520990017614924", None, "not written alike"),
        ("eui48", "70B3D5FFFFFF", "", 2, "leaves a block"),
        ("eui48", "70B3D", "", None, "6 (MA-L), 7 (MA-M) or 9 (MA-S) digits, not 5"),
        ("eui48", "71B3D5", "", None, "group address"),
        ("eui48", "70B3D5123000/x", "", None, "is no block"),
        ("gtin", "06291041500213", "", 1, "have no ranges here"),
        ("serial", "A" * 60 + "1", "", 1, "longer than 40"),
        ("serial", "A1\0", "", 1, "does not end"),
        ("serial", "A{1", "", 1, "has no partner"),
        ("serial", "AB98", "", 3, "no room"),
        ("serial", "AB98", "AB097", None, "different lengths"),
    ],
)  # fmt: skip
def test_what_is_no_range_is_said_why(
    scheme: str, first: str, last: str, count: int | None, problem: str
) -> None:
    with pytest.raises(ValueError) as caught:
        parse_range(scheme, first, last, count)
    assert problem in str(caught.value)


def test_a_counter_with_more_values_than_anybody_needs_is_refused() -> None:
    with pytest.raises(ValueError, match="too many for one range"):
        run_of("A{n:12z}", 0)
    assert run_of("A{n:12z}", 0, COUNT_MAX - 1).count == COUNT_MAX


RANGES = [parse_range(scheme, first, last, count) for scheme, first, last, count, *_ in BY_HAND]
RANGES += [
    run_of(stem, 0)
    for stem in ("S26{n:04h}", "S26{n:04z}{check}", "{n:03}-X{check:luhn36}", "9{n:03}{check:luhn}")
]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(RANGES), st.data())
def test_counting_forth_and_back_is_one_and_stays_inside(found: Range, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, found.count - 1))
    text = found.value(index)
    assert found.index(text) == index
    assert normalise(found.scheme, text)[1] == text
    _, low, high = found.span("ACME")
    space = normalise(found.scheme, text)[0]
    place = place_of("serial/ACME" if space == "serial" else space, text)
    assert place is not None
    assert low <= place[1] < high
    with pytest.raises(IndexError):
        found.value(found.count)


@pytest.mark.parametrize(
    "stem", ["S26{n:02h}", "S26{n:02z}{check}", "{n:03}-X{check}", "9{n:03}{check:luhn}"]
)
def test_values_ascend_as_text_so_that_a_range_is_one_interval(stem: str) -> None:
    values = run_of(stem, 0).values(0, run_of(stem, 0).count - 1)
    assert all(before[: len(before) - 1] <= after[: len(after) - 1] for before, after in pairwise(values))
    assert len(set(values)) == len(values)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.sampled_from(RANGES), st.text(max_size=40))
def test_any_text_has_a_place_or_none(found: Range, text: str) -> None:
    index = found.index(text)
    assert index is None or found.value(index) == text


def test_every_scheme_with_ranges_was_tried() -> None:
    assert {row[0] for row in BY_HAND} == set(RANGED)


DAY = dt.date(2027, 1, 1)  # Friday: week 53 of 2026 by ISO 8601


class TestTemplates:
    @pytest.mark.parametrize(
        ("template", "wanted"),
        [
            ("OSTP7{yy}{ww}{plant}{n:05}", "OSTP72653N100012"),
            ("A{yyyy}{ddd}{n:3}", "A2027001012"),
            ("A{yy}{mm}{n:04h}", "A2701000C"),
            ("{y}{m}{n:03z}", "V100C"),
            ("{n:2}", "12"),
            ("A{n:4}/B", "A0012/B"),
            # ISO/IEC 7064: 0794 has the check digit 5 by mod 11,10.
            ("{n:4}{check:mod11}", "00128"),
            ("7992739{n:03}{check:luhn}", "79927390124"),
        ],
    )
    def test_compose(self, template: str, wanted: str) -> None:
        compiled = compile_template(template)
        made = compiled.render(12, DAY, "N1")
        assert made == wanted
        assert compiled.number(made) == 12
        assert compiled.problem(made, "N1") is None

    def test_published_check_characters(self) -> None:
        # ISO/IEC 7064: 0794 -> 5 (mod 11,10), A12425GABC1234002 -> M (mod 37,36); Luhn: 7992739871 -> 3.
        assert compile_template("0{n:3}{check:mod11}").render(794) == "07945"
        assert compile_template("A12425GABC{n:07}{check}").render(1234002) == "A12425GABC1234002M"
        assert compile_template("7992739{n:03}{check:luhn}").render(871) == "79927398713"

    @pytest.mark.parametrize(
        ("template", "problem"),
        [
            ("", "no counter"),
            ("ABC", "no counter"),
            ("A{n}", "no field {n}"),
            ("A{n:0}", "no field"),
            ("A{n:13}", "too wide"),
            ("A{n:3}{n:3}", "second counter at place 7"),
            ("A{n:3}{yy}", "{yy} at place 7 must stand before the counter"),
            ("A{n:3}{check}B", "must be the last sign"),
            ("A{week}{n:3}", "no field {week}"),
            ("A{n:3", "has no partner"),
            ("a{n:3}", "'a' at place 1"),
            ("A\0{n:3}", "at place 2"),
            ("A{plant}{plant}{n:3}", "stands twice"),
            ("A{ww}{n:3}", "without a year"),
            ("A{yy}{ww}{mm}{n:3}", "does not go with"),
            ("A{n:3}{check:luhn}", "without letters"),
            ("A" * 40 + "{n:3}", "longer than 40"),
        ],
    )
    def test_what_cannot_be_used_is_said_why(self, template: str, problem: str) -> None:
        with pytest.raises(ValueError) as caught:
            compile_template(template)
        assert problem in str(caught.value)

    @pytest.mark.parametrize("plant", ["", "no", "P\0", "P" * 21])
    def test_a_plant_that_cannot_stand_there_is_said(self, plant: str) -> None:
        with pytest.raises(ValueError, match="the plant's code"):
            compile_template("A{plant}{n:03}").stem(DAY, plant)

    def test_two_that_could_meet_are_found(self) -> None:
        def meets(one: str, other: str) -> bool:
            return compile_template(one).may_equal(compile_template(other), "N1", "N2")

        assert meets("A{yy}{ww}{n:04}", "A2{n:07}")
        assert meets("A{n:04h}", "AB{n:03}")
        assert not meets("A{yy}{ww}{n:04}", "B2{n:07}")
        assert not meets("A{n:04}", "A{n:05}")
        assert not meets("A{plant}{n:04}", "A{plant}{n:04}")
        assert not meets("A{n:04}", "AB{n:03}")

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.text("{}nywmdcheck:05hzA-", max_size=24))
    def test_any_text_is_a_template_or_said_why(self, text: str) -> None:
        compiled = None
        with suppress(ValueError):
            compiled = compile_template(text)
        if compiled is not None:
            assert compiled.number(compiled.render(0, DAY, "N1")) == 0
            return
        with pytest.raises(ValueError, match=r"\S"):
            compile_template(text)
