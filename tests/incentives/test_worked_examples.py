"""The worked examples of the research on schemes that are incentives, and the edges of their conditions.

Every W number is a row or a test here. Awards that were paid (W2, W3) are worked back to their sales.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from karkhana.incentives.computing import compute
from karkhana.incentives.loading import load_scheme
from karkhana.incentives.rules.auto import slab_amount
from karkhana.incentives.rules.lsem import Sale, totals
from karkhana.incentives.rules.sheet import Result

D = Decimal


def result(scheme: str, **values: Any) -> Result:
    return compute(load_scheme(scheme), values, place="test")


def lsem(total: str, eligible: str | None = None, **more: Any) -> Result:
    """A year of FY21 in category A with 300 invested, unless told otherwise."""
    asked: dict[str, Any] = {
        "category": "A",
        "fy": "FY21",
        "slots": "original",
        "cumulative_investment": "300",
    }
    asked |= {"total_sales": total, "total_sales_base": "0"} | more
    if asked["category"] == "A":
        asked = {"eligible_sales": eligible or total, "eligible_sales_base": "0"} | asked
    return result("lsem", **asked)


class TestPhones:
    def test_w1_the_ceiling_of_the_first_year(self) -> None:
        """W1: incremental sales equal to the ceiling at 6 %."""
        assert lsem("15000").amount == D("900")

    @pytest.mark.parametrize(
        ("number", "award", "category", "increment", "least"),
        [("W2", "357.17", "A", "5952.8333", "4000"), ("W3", "53.28", "B", "888.0000", "500")],
    )
    def test_w2_w3_awards_that_were_paid(
        self, number: str, award: str, category: str, increment: str, least: str
    ) -> None:
        """W2 and W3: the award worked back is above the threshold, and computes to the award again."""
        back = D(award) / D("0.06")
        assert back.quantize(D("0.0001")) == D(increment)
        assert back >= D(least)
        sales = str(back.quantize(D("0.0000001")))
        found = lsem(sales, category=category, fy="FY22", slots="extended")
        assert (found.eligible, found.shown) == (True, D(award)), number

    def test_w4_two_totals(self) -> None:
        """W4: 5,000 decides, 4,000 earns."""
        assert lsem("5000", "4000").amount == D("240")

    @pytest.mark.parametrize(
        ("number", "total", "eligible", "amount"),
        [("W5", "6200", "5800", "348"), ("W6", "3999.99", "3999.99", "0"), ("W7", "17000", "16500", "900")],
    )
    def test_w5_w6_w7_floor_and_ceiling(self, number: str, total: str, eligible: str, amount: str) -> None:
        assert lsem(total, eligible).amount == D(amount), number

    def test_w8_a_credit_note_moves_a_phone_below_the_floor(self) -> None:
        """W8: 15,500 less a credit note of 600 decides, but does not earn."""
        floor = load_scheme("lsem").figure("invoice_floor")
        assert floor is not None
        assert floor.value == 15000
        phone = Sale(gross=D(15500), credit_notes=D(600))
        assert (phone.net, phone.earns("A", floor.value)) == (D(14900), False)
        assert totals("A", [phone], floor.value) == (D("0.00149"), D(0))
        whole = Sale(gross=D(20000), discounts=D(2000), taxes=D(3000), quantity=1)
        assert whole.earns("A", floor.value)
        assert phone.earns("B", floor.value)
        pair = Sale(gross=D(31000), credit_notes=D(1001), quantity=2)
        assert not pair.earns("A", floor.value)

    def test_edges(self) -> None:
        """At a threshold is enough; a hair below is not."""
        assert lsem("4000", cumulative_investment="250").amount == D("240")
        assert lsem("4000", cumulative_investment="249.9999999").amount == 0
        assert lsem("3999.9999999").amount == 0
        assert lsem("15000.0000001").amount == D("900")
        assert lsem("500", category="B", cumulative_investment="50").amount == D("30")
        assert lsem("100", category="C", cumulative_investment="25").amount == D("6")
        assert lsem("600", category="C", cumulative_investment="100", fy="FY25").amount == D("24")
        assert lsem("599.99", category="C", cumulative_investment="100", fy="FY25").amount == 0

    def test_base_year_sales_are_subtracted(self) -> None:
        """Both totals are increments; with sales above the floor in the base year a reading decides."""
        found = lsem(
            "6000",
            "5500",
            total_sales_base="1000",
            eligible_sales_base="500",
            base_year_high_value="subtract",
        )
        assert found.amount == D("300")
        ignored = lsem(
            "6000", "5500", total_sales_base="1000", eligible_sales_base="500", base_year_high_value="ignore"
        )
        assert ignored.amount == D("330")
        left = lsem("6000", "5500", total_sales_base="1000", eligible_sales_base="500")
        assert (left.amount, left.undecided, left.signable) == (D("300"), ("base_year_high_value",), False)
        assert found.signable

    def test_after_a_missed_year_two_readings(self) -> None:
        """FY21 claimed, FY22 missed, FY23: row 3 by the calendar, row 2 by claimed years."""
        row3 = lsem("16000", cumulative_investment="800", fy="FY23", years_missed=1, slot_rule="calendar")
        row2 = lsem("16000", cumulative_investment="800", fy="FY23", years_missed=1, slot_rule="claimed")
        assert (row3.amount, row2.amount) == (D("800"), D("960"))
        assert lsem("16000", cumulative_investment="800", fy="FY23", years_missed=1).undecided == (
            "slot_rule",
        )

    def test_a_reading_that_changes_nothing_is_no_question(self) -> None:
        """Rows 4 and 3 of components pay 5 % alike, if both thresholds are met."""
        year = {"category": "C", "cumulative_investment": "100", "fy": "FY24", "years_missed": 1}
        assert lsem("500", **year).undecided == ()
        assert lsem("400", **year).undecided == ("slot_rule",)

    def test_a_year_without_a_known_ceiling_is_not_signable(self) -> None:
        found = lsem("20000", cumulative_investment="1000", fy="FY24")
        assert (found.amount, found.missing, found.signable) == (D("1000"), ("A.sales_max (year 4)",), False)
        assert lsem("15000").signable

    def test_w24_ceilings_add_up(self) -> None:
        """W24: the yearly ceilings of the outlay are 40,951 together."""
        scheme = load_scheme("lsem")
        years = [scheme.figure("outlay_ceiling", year) for year in range(1, 6)]
        total = scheme.figure("outlay_total")
        assert total is not None
        assert sum(one.value for one in years if one) == total.value == 40951


def telecom(company: str, fy: str, x: str, investment: str, increment: str, **more: Any) -> Result:
    return result("telecom", company=company, fy=fy, commitment=x, cumulative_investment=investment,
                  sales=increment, sales_base="0", **more)  # fmt: skip


class TestTelecom:
    @pytest.mark.parametrize(
        ("increment", "design_led", "amount"),
        [("100", False, "5.60"), ("100", True, "6.40"), ("11", False, "0"), ("12", False, "0.84"),
         ("11.9999", False, "0"), ("80", False, "5.60"), ("80.01", False, "5.60")],
    )  # fmt: skip
    def test_w9_small_company(self, increment: str, design_led: bool, amount: str) -> None:
        """W9: X 10, year 2, invested 5: floor 12, ceiling 80."""
        found = telecom("msme", "FY23", "10", "5", increment, design_led=design_led)
        assert found.amount == D(amount)
        assert found.signable

    @pytest.mark.parametrize(("investment", "amount"), [("70", "50"), ("69", "0"), ("69.99", "0")])
    def test_w10_large_company(self, investment: str, amount: str) -> None:
        """W10: X 100, year 3, increment 1,000; 85 % is released before the certificates."""
        found = telecom("other", "FY24", "100", investment, "1000")
        assert found.amount == D(amount)
        if found.amount:
            assert found.also["released_at_once"] == D("42.5")
            assert str(found.also["claim_by"]) == "2024-12-31"
            complete = telecom("other", "FY24", "100", investment, "1000", certificates_in=True)
            assert complete.also["released_at_once"] == D("50")

    def test_an_existing_beneficiary_stays_within_what_was_approved(self) -> None:
        found = telecom("msme", "FY23", "10", "5", "100", design_led=True, approved_amount="6")
        assert found.amount == D("6")


SLABS = {
    "oem": [(D(2000), D("0.13")), (D(3000), D("0.14")), (D(4000), D("0.15")), (None, D("0.16"))],
    "component": [(D(250), D("0.08")), (D(500), D("0.09")), (D(750), D("0.10")), (None, D("0.11"))],
}


def auto(dsv: str, **more: Any) -> Result:
    asked = {
        "kind": "component",
        "fy": "FY25",
        "sales": dsv,
        "sales_base": "0",
        "dva": "0.5",
        "slab_mode": "flat",
    }
    return result("auto", **(asked | more))


class TestVehicles:
    @pytest.mark.parametrize(
        ("values", "amount"),
        [
            ({"drive": "electric"}, "90"),
            ({"drive": "combustion", "fy": "FY28"}, "54"),
            ({"drive": "combustion", "fy": "FY27"}, "60"),
            ({"slab_mode": "marginal"}, "52.5"),
            ({"slab_mode": "marginal", "drive": "electric"}, "82.5"),
            ({"dva": "0.4999"}, "0"),
        ],
    )
    def test_w11_component(self, values: dict[str, Any], amount: str) -> None:
        """W11: determined sales value 600."""
        assert auto("600", **values).amount == D(amount)

    @pytest.mark.parametrize(
        ("kind", "dsv", "rate"),
        [
            ("oem", "2000", "0.13"),
            ("oem", "2000.01", "0.14"),
            ("oem", "3000", "0.14"),
            ("oem", "4000", "0.15"),
            ("oem", "4000.01", "0.16"),
            ("component", "250", "0.08"),
            ("component", "250.01", "0.09"),
            ("component", "500", "0.09"),
            ("component", "750", "0.10"),
            ("component", "750.01", "0.11"),
        ],
    )
    def test_edges_of_slabs(self, kind: str, dsv: str, rate: str) -> None:
        assert slab_amount(SLABS[kind], D(dsv), "flat") == D(dsv) * D(rate)
        assert auto(dsv, kind=kind).amount == D(dsv) * D(rate)

    def test_marginal_slabs_never_fall(self) -> None:
        """The flat reading jumps at a bound; the marginal one does not."""
        at, above = (slab_amount(SLABS["oem"], D(dsv), "marginal") for dsv in ("2000", "2000.01"))
        assert (at, above) == (D("260"), D("260.0014"))

    def test_the_reading_counts_only_where_it_changes_the_amount(self) -> None:
        assert auto("200", slab_mode=None).undecided == ()
        assert auto("600", slab_mode=None).undecided == ("slab_mode",)

    def test_the_cumulative_bonus_begins_at_its_bound(self) -> None:
        assert auto("600", cumulative_dsv="1250").amount == D("72")
        assert auto("600", cumulative_dsv="1249.99").amount == D("60")

    def test_a_group_earns_at_most_its_ceiling(self) -> None:
        assert auto("600", group_paid="6475").amount == D("10")
        assert auto("600", group_paid="6485").amount == 0
        assert auto("600", group_paid="7000").amount == 0

    def test_thresholds_rest_on_unverified_figures(self) -> None:
        found = auto("600", cumulative_investment="250")
        assert set(found.unverified) == {"component.first_year_sales", "component.investment (year 2)"}
        assert not found.signable
        assert auto("600", cumulative_investment="99.99").amount == 0
        assert auto("27.5", cumulative_investment="100").eligible
        assert not auto("27.49", cumulative_investment="100").eligible

    def test_w25_the_ceiling_is_a_quarter_of_the_outlay(self) -> None:
        """W25: 25 % of 25,938 is 6,484.5; 6,485 was published."""
        scheme = load_scheme("auto")
        share, outlay, cap = (scheme.figure(name) for name in ("group_share", "outlay_total", "group_cap"))
        assert share is not None
        assert outlay is not None
        assert cap is not None
        assert share.value * outlay.value == D("6484.5")
        assert cap.value == 6485


class TestItHardware:
    @pytest.mark.parametrize(
        ("earned", "payable"),
        [("120", "100"), ("100", "100"), ("80", "80"), ("75.01", "75.01"), ("75", "71.25"), ("70", "66.5"),
         ("50", "47.5"), ("40", "36"), ("49.99", "44.991"), ("0", "0")],
    )  # fmt: skip
    def test_w19_projection(self, earned: str, payable: str) -> None:
        """W19: estimate 100."""
        assert self.year(earned).amount == D(payable)

    @staticmethod
    def year(earned: str, **more: Any) -> Result:
        asked = {
            "category": "global",
            "fy": "FY25",
            "slots": "from_2023",
            "estimate": "100",
            "earned": earned,
        }
        return result("it_hardware_2", **(asked | more))

    def test_at_the_bounds_a_reading_decides(self) -> None:
        assert [self.year("75", shortfall_bounds=mode).amount for mode in ("lower", "upper")] == [
            D("71.25"),
            D(75),
        ]
        assert [self.year("50", shortfall_bounds=mode).amount for mode in ("lower", "upper")] == [
            D("47.5"),
            D(45),
        ]
        assert "shortfall_bounds" in self.year("75").undecided
        assert "shortfall_bounds" not in self.year("75.01").undecided

    def test_a_third_has_no_exact_share_and_is_compared_exactly(self) -> None:
        assert self.year("2.25", estimate="3").amount == D("2.1375")
        assert self.year("2.250000000001", estimate="3").amount == D("2.250000000001")

    def test_the_company_ceiling(self) -> None:
        assert self.year("100", category="domestic", paid_before="450").amount == D("50")
        assert self.year("100", category="domestic", paid_before="500").amount == 0

    def test_nothing_is_signable_without_the_matrix(self) -> None:
        assert self.year("100").missing == ("localisation_matrix", "sales_min")


class TestDrones:
    @pytest.mark.parametrize(
        ("purchases", "amount"), [("5.5", "0.9"), ("6", "0.8"), ("6.0000001", "0"), ("6.5", "0"), ("0", "2")]
    )
    def test_w20_value_added(self, purchases: str, amount: str) -> None:
        """W20: sales 10; at least 40 % of them must be value added."""
        assert self.year("10", purchases).amount == D(amount)

    @staticmethod
    def year(sales: str, purchases: str, company: str = "msme", goods: str = "drone") -> Result:
        return result("drone", company=company, goods=goods, fy="FY23", sales=sales, purchases=purchases)

    def test_turnover_needed(self) -> None:
        needed = {
            ("msme", "drone"): "2",
            ("msme", "component"): "0.5",
            ("other", "drone"): "4",
            ("other", "component"): "1",
        }
        for (company, goods), least in needed.items():
            assert self.year(least, "0", company, goods).eligible
            assert not self.year(str(D(least) - D("0.0001")), "0", company, goods).eligible


class TestCells:
    @staticmethod
    def period(**more: Any) -> Result:
        asked = {
            "fy": "FY25",
            "year": 2,
            "bid": "1500",
            "dva": "0.4",
            "kwh_sold": "1000000",
            "revenue": "1000",
        }
        return result("acc", **(asked | more))

    def test_w21_bid_times_value_capture(self) -> None:
        """W21: 1 GWh at 10,000 INR/kWh: 60 crore; the ceiling of 200 does not bite."""
        found = self.period()
        assert found.amount == D("60")
        assert any(line.what == "ceiling by revenue" and line.value == D("200") for line in found.lines)
        assert found.signable

    def test_the_ceiling_by_revenue_bites(self) -> None:
        assert self.period(revenue="250").amount == D("50")

    def test_energy_paid_for_is_limited(self) -> None:
        assert self.period(kwh_paid_before="19500000").amount == D("30")
        assert self.period(kwh_paid_before="20000000").amount == 0

    def test_value_capture_needed(self) -> None:
        assert self.period(dva="0.25").amount == D("37.5")
        assert self.period(dva="0.2499").amount == 0
        assert self.period(year=5).amount == 0
        assert self.period(year=5).undecided == ("dva_in_year_5",)
        assert self.period(year=5, dva_in_year_5="start").amount == D("60")
        assert self.period(year=5, dva="0.6").undecided == ()


class TestOthers:
    """Schemes without published examples: the arithmetic of their own words."""

    def test_white_goods(self) -> None:
        found = result("white_goods", fy="FY25", slots="from_fy23", sales="120", sales_base="20")
        assert (found.amount, found.signable) == (D("5"), False)
        assert result("white_goods", fy="FY25", slots="from_fy24", sales="120", sales_base="20").amount == D(
            "6"
        )

    def test_refurbished_plant_is_at_most_a_fifth(self) -> None:
        found = result(
            "specs", fy="FY24", plant_new="80", plant_refurbished="30", utilities="4", technology="6"
        )
        assert found.amount == D("27.5")
        assert result("specs", fy="FY24", plant_new="80", plant_refurbished="20").amount == D("25")

    def test_components(self) -> None:
        asked = {"segment": "B5", "fy": "FY27", "year": 1, "cumulative_investment": "50", "sales": "300",
                 "sales_base": "100"}  # fmt: skip
        assert result("ecms", **asked, employment_met=True).amount == D("20")
        short = {**asked, "employment_met": False}
        assert result("ecms", **short, employment_deduction_mode="amount").amount == D("19.8")
        assert result("ecms", **short, employment_deduction_mode="point").amount == D("18")
        hybrid = {**asked, "segment": "C8", "cumulative_investment": "1000", "eligible_capex": "40"}
        found = result("ecms", **hybrid, employment_met=True)
        assert found.amount == D("26")
        assert set(found.unverified) == {"C8.investment", "C8.rate (year 1)"}
        assert result("ecms", **asked, employment_met=True, eligible_capex="0").eligible
        capital = {
            "segment": "D11",
            "fy": "FY27",
            "year": 1,
            "cumulative_investment": "5",
            "eligible_capex": "4",
        }
        paid = result("ecms", **capital, employment_met=True)
        assert (paid.amount, paid.missing) == (D("1"), ("D11.investment",))
