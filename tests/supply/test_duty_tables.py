"""Duty tables: the phased manufacturing programme by device, part and year."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from karkhana.kernel.refusals import Refused
from karkhana.supply.duties.catalogue import duties_for, duty_rate, rates, tables
from karkhana.supply.landed.rules import duties_on


@pytest.mark.parametrize(("day", "duty"), [("2022-06-01", 0), ("2023-06-01", 50), ("2024-06-01", 75)])
def test_a_board_for_hearables_bears_more_each_year(day: str, duty: int) -> None:
    """W23: a populated board of 500 rupees CIF in three fiscal years."""
    rate = duty_rate("hearable", "pcba", dt.date.fromisoformat(day))
    assert rate.percent is not None
    assert duties_on(Decimal(500), duty_percent=rate.percent).basic == duty


@pytest.mark.parametrize(
    ("device", "item", "day", "percent"),
    [
        ("wearable", "battery", "2023-03-31", 0), ("wearable", "battery", "2023-04-01", 5),
        ("wearable", "display_assembly", "2026-03-31", 10), ("smart_meter", "relay", "2025-12-01", 15),
        ("smart_meter", "pcba", "2022-04-01", 20), ("phone", "pcba", "2024-07-23", 20),
        ("phone", "pcba", "2024-07-24", 15), ("phone", "mechanics", "2024-02-01", 10),
    ],
)  # fmt: skip
def test_rates_hold_from_their_day(device: str, item: str, day: str, percent: int) -> None:
    assert duty_rate(device, item, dt.date.fromisoformat(day)).percent == percent


def test_what_the_source_does_not_show_is_empty_and_unverified() -> None:
    rate = duty_rate("smart_meter", "display", dt.date(2024, 5, 1))
    assert (rate.percent, rate.status) == (None, "unverified")
    assert all(rate.status == "unverified" for rate in rates() if rate.percent is None)


def test_every_table_names_its_sources_and_no_part_has_two_rates_on_a_day() -> None:
    assert {table.device for table in tables()} == {"phone", "wearable", "hearable", "smart_meter"}
    assert all(table.sources for table in tables())
    seen: dict[tuple[str, str], dt.date] = {}
    for rate in rates():
        before = seen.get((rate.device, rate.item))
        assert before is None or before < rate.valid_from
        seen[rate.device, rate.item] = rate.valid_to or dt.date.max


@pytest.mark.parametrize(
    ("device", "item", "day", "code"),
    [
        ("toaster", "pcba", "2024-05-01", "duty.unknown_item"),
        ("hearable", "pcba", "2026-04-01", "duty.not_then"),
    ],
)
def test_what_no_table_has_is_refused(device: str, item: str, day: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        duty_rate(device, item, dt.date.fromisoformat(day))
    assert refused.value.refusal.code == code


def test_a_chapter_alone_fits_no_tariff_item() -> None:
    assert duties_for("85423100", dt.date(2024, 5, 1)) == ()
    assert {rate.item for rate in duties_for("85189000", dt.date(2024, 5, 1))} == {
        "pcba",
        "speaker_assembly",
    }
