"""Spellings of one value, and values that only look alike."""

from __future__ import annotations

from decimal import Decimal

import pytest

from karkhana.design.difference import texts
from karkhana.design.difference.values import CONTRADICTION, SAME, WORDING, compare_values, parse_value

ALIKE = (
    ("100nF", "0.1uF"), ("100n", "100 nF"), ("0,1 µF", "0.1μF"), ("2u2", "2.2uF"), ("4k7", "4.7 kΩ"),
    ("4K7", "4700"), ("10k", "10 kΩ"), ("10kOhm", "10 KOHM"), ("0R47", "0.47ohm"), ("R47", "470m"),
    ("0R", "0"), ("1M", "1Meg"), ("1M", "1000k"), ("22R", "22"), ("8 MHz", "8MHz"), ("5V1", "5.1V"),
    ("47u/16V-X5R", "47 uF / 16 V - X5R"), ("10,000pF", "10nF"), ("500uOhm", "0.5m"),
    ("100nF, 16V", "0.1uF 16V"),
)  # fmt: skip
APART = (
    ("10k", "1k"), ("1M", "1m"), ("100n", "100p"), ("2u2", "2n2"), ("100nF, 16V", "100pF, 50V"),
    ("1uF/25V", "1uF/50V"), ("0R47", "0R047"), ("4k7", "47k"), ("10,5k", "105k"),
)  # fmt: skip
WORDED = (("10k", "10k 1%"), ("100nF", "100nF X7R"), ("MBR0540", "1N5817"), ("74LVC1G10", "74LVC1G17"))


@pytest.mark.parametrize(("a", "b"), ALIKE)
def test_one_value_in_two_spellings(a: str, b: str) -> None:
    assert compare_values(a, b) == compare_values(b, a) == SAME


@pytest.mark.parametrize(("a", "b"), APART)
def test_values_that_contradict(a: str, b: str) -> None:
    assert compare_values(a, b) == compare_values(b, a) == CONTRADICTION


@pytest.mark.parametrize(("a", "b"), WORDED)
def test_other_words_are_no_contradiction(a: str, b: str) -> None:
    assert compare_values(a, b) == compare_values(b, a) == WORDING


def test_numbers_inside_part_names_are_no_quantities() -> None:
    assert parse_value("74LVC1G10").quantities == ()
    assert parse_value("100@100MHz 3A").quantities == (
        (Decimal(100), ""), (Decimal(100_000_000), "Hz"), (Decimal(3), "A"),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["", "9" * 400, "1e999999999", "k" * 500, "٣k", "-", "1..2", "µ", "\x00"])
def test_odd_texts_are_read_without_a_fault(text: str) -> None:
    assert compare_values(text, text) == SAME
    assert compare_values(text, "10k") in (WORDING, CONTRADICTION)


@pytest.mark.parametrize(
    ("package", "size"),
    [
        ("Capacitor_SMD:C_0603_1608Metric", "0603"), ("R0402", "0402"),
        ("0805C", "0805"), ("CAP0402", "0402"),
        ("CS-C-1206", "1206"), ("SOT23-3", "SOT23-3"), ("Package_TO_SOT_SMD:SOT-23", "SOT23-3"),
        ("SOT-23-5", "SOT23-5"), ("D_SOD-123", "SOD123"), ("TSSOP-24_4.4x7.8mm_P0.65mm", ""),
        ("L_12x12mm_H6mm", ""), ("SMD", ""),
    ],
)  # fmt: skip
def test_standard_outlines_in_footprint_names(package: str, size: str) -> None:
    assert texts.outline(package) == size


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Murata", "Murata Electronics North America"), ("TDK", "TDK Corporation"), ("Yageo", "YAGEO CORP."),
        ("Diodes, Inc.", "Diodes Incorporated"), ("Würth Elektronik", "Wurth"),
        ("Wuerth", "WURTH ELEKTRONIK"),
        ("Texas Instruments", "TI"), ("ON Semiconductor", "onsemi"), ("C&K", "CK"),
    ],
)  # fmt: skip
def test_one_maker_under_two_names(a: str, b: str) -> None:
    assert texts.same_maker(a, b)
    assert texts.same_maker(b, a)


def test_two_makers() -> None:
    assert not texts.same_maker("Vishay Dale", "Yageo")
    assert not texts.same_maker("Murata", "Muratec")
    assert not texts.same_maker("", "Yageo")


def test_designators_are_sorted_as_people_count() -> None:
    names = ["R10", "R2", "r1", "C100", "C20", "R2A", "U1.2", "R010", "G***", "9" * 5000]
    assert sorted(names, key=texts.natural) == [
        "9" * 5000, "C20", "C100", "G***", "r1", "R2", "R2A", "R10", "R010", "U1.2",
    ]  # fmt: skip
