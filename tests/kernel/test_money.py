"""Money and fiscal years: the one division is rounded against the maker, years run April to March."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from karkhana.kernel.fiscal import fiscal_year, fiscal_year_days, month_days
from karkhana.kernel.money import per_piece, percent_down, percent_up
from karkhana.kernel.refusals import Refused


def test_the_cost_of_a_piece_is_rounded_up_at_the_twelfth_decimal() -> None:
    assert per_piece(Decimal(1), Decimal(3)) == Decimal("0.333333333334")
    assert per_piece(Decimal(10), Decimal(4)) == Decimal("2.5")


def test_percentages_never_gain_by_rounding() -> None:
    assert percent_down(Decimal("49.99999"), Decimal(100)) == Decimal("49.9999")
    assert percent_down(Decimal(-1), Decimal(3), 2) == Decimal("-33.33")
    assert percent_up(Decimal(1), Decimal(3), 2) == Decimal("33.34")


@pytest.mark.parametrize(
    ("day", "year"),
    [(dt.date(2026, 3, 31), "2025-26"), (dt.date(2026, 4, 1), "2026-27"), (dt.date(2099, 12, 1), "2099-00")],
)
def test_fiscal_year_of_a_day(day: dt.date, year: str) -> None:
    assert fiscal_year(day) == year


@pytest.mark.parametrize("text", ["2026-27", "FY27", "fy2027", "FY2026-27", "2026-2027"])
def test_a_fiscal_year_is_written_in_several_ways(text: str) -> None:
    assert fiscal_year_days(text) == (dt.date(2026, 4, 1), dt.date(2027, 3, 31))


@pytest.mark.parametrize("text", ["2026", "2026-28", "FY", "", "27-28", "2026-27\x00", "FY-27", "0000-01"])
def test_what_is_no_fiscal_year(text: str) -> None:
    with pytest.raises(Refused) as caught:
        fiscal_year_days(text)
    assert caught.value.refusal.code == "period.fiscal_year"


def test_months() -> None:
    assert month_days("2028-02") == (dt.date(2028, 2, 1), dt.date(2028, 2, 29))
    for text in ("2028-13", "2028-00", "28-01", "", "0000-01", "9999-12"):
        with pytest.raises(Refused):
            month_days(text)
