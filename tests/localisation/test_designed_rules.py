"""Offers in rupees, quantity breaks, and the best and worst choice against trying every one."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from karkhana.localisation.catalogue import method_for
from karkhana.localisation.designed.rules import (
    Demand,
    Offer,
    Option,
    cost_of,
    extreme_picks,
    options_of,
    pick_break,
    piece_of,
    uses_of,
    usual_first,
    valued_of,
)
from karkhana.localisation.rules.pieces import Certificate, Charge
from karkhana.localisation.rules.valuing import Settings, evaluate
from localisation.offered import DAY, D


def an_offer(part: str, channel: str, price: str, *, percent: str = "", duty: str = "0") -> Offer:
    """An offer in rupees, with a certificate where a percentage is given."""
    certified = Certificate("C", D(percent)) if percent else None
    return Offer(part, f"S-{part}", channel, "IN" if channel == "domestic" else "CN", "", D(price), "INR",
                 duty_percent=D(duty), certificate=certified)  # fmt: skip


def option(offer: Offer, *, released: bool = True) -> Option:
    """The offer as a piece."""
    return Option(offer, piece_of(offer, D(1), DAY, D(18)), released)


def test_an_import_gets_freight_duty_and_surcharge() -> None:
    """10 dollars with 5 % freight at 80 rupees: CIF 840; 15 % duty and its surcharge: 138.60 more."""
    offer = Offer("P", "S", "import", "CN", "", D(10), "USD", freight_percent=D(5), duty_percent=D(15))
    piece = piece_of(offer, D(80), DAY, D(18))
    assert (piece.cif, piece.duty) == (D(840), D("138.60"))
    assert piece.igst == (D(840) + D("138.60")) * D("0.18")
    assert cost_of(piece) == D("978.60")


def test_a_purchase_here_costs_its_price_and_free_issue_nothing() -> None:
    """GST on a purchase is credited; material that a brand hands in is worth something but costs nothing."""
    assert cost_of(option(an_offer("P", "reseller", "100")).piece) == 100
    assert option(an_offer("P", "reseller", "100")).piece.tax == 18
    consigned = option(an_offer("P", "consigned", "100")).piece
    assert cost_of(consigned) == 0
    assert consigned.amount("landed") == 100


def test_the_released_part_from_its_cheapest_source_comes_first() -> None:
    """An alternate does not become usual by being cheaper."""
    dear, cheap = option(an_offer("A", "domestic", "9")), option(an_offer("A", "import", "7", duty="10"))
    other = option(an_offer("B", "import", "1"), released=False)
    assert usual_first([other, dear, cheap]) == (cheap, dear, other)


@pytest.mark.parametrize(
    ("need", "price"), [("1", "5"), ("99", "5"), ("100", "4"), ("5000", "4"), ("10000", "3")]
)
def test_quantity_breaks(need: str, price: str) -> None:
    """The price of the greatest quantity that is reached."""
    rows = [
        {"minimum": D(m), "price": D(p)} for m, p in (("0", "6"), ("100", "4"), ("10000", "3"), ("0", "5"))
    ]
    found = pick_break(rows, D(need))
    assert found is not None
    assert found["price"] == D(price)


def test_below_every_minimum_the_smallest_one_holds() -> None:
    """Somebody has to buy the minimum; the price of it is what there is."""
    rows = [{"minimum": D(1000), "price": D(2)}, {"minimum": D(500), "price": D(3)}]
    found = pick_break(rows, D(1))
    assert found is not None
    assert found["price"] == 3
    assert pick_break([], D(1)) is None


CHANNELS = st.sampled_from(["import", "domestic", "reseller", "consigned"])
OFFERS = st.builds(
    lambda channel, price, percent, duty: (channel, str(price), str(percent) if percent else "", str(duty)),
    CHANNELS,
    st.integers(1, 60),
    st.sampled_from([0, 0, 20, 55, 90]),
    st.sampled_from([0, 10, 20]),
)


@pytest.mark.parametrize("method", ["PPP_MII", "PMA_BOM", "DRONE_VA", "ADV_AUTH_VA"])
@given(parts=st.lists(st.tuples(st.integers(1, 5), st.lists(OFFERS, min_size=1, max_size=3)), min_size=1,
                      max_size=4), conversion=st.integers(0, 40))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_best_and_worst_are_those_of_every_choice(
    method: str, parts: list[tuple[int, list[tuple[str, str, str, str]]]], conversion: int
) -> None:
    """No other combination of sources has a greater (less) percentage, whatever the method divides by."""
    demands = [
        Demand(f"P{place}", "", "", "", Decimal(quantity), usual_first(
            option(an_offer(f"P{place}.{nth}", channel, price, percent=percent, duty=duty))
            for nth, (channel, price, percent, duty) in enumerate(offers)))
        for place, (quantity, offers) in enumerate(parts)
    ]  # fmt: skip
    charges = [Charge("price", D(900)), Charge("fob", D(900)), Charge("conversion", D(conversion))]
    chosen = Settings.of(method_for(method, DAY), day=DAY)

    def percents(choice: tuple[Option | None, ...] | list[Option | None]) -> Decimal:
        return evaluate(chosen, uses_of(demands, choice), charges).percent

    if method == "ADV_AUTH_VA" and any(o[0] != "import" for _, offers in parts for o in offers):
        return  # it divides by the imports, which may then be nothing
    every = [percents(choice) for choice in itertools.product(*(demand.options for demand in demands))]
    valued = valued_of(chosen, demands)
    for best, wanted in ((True, max(every)), (False, min(every))):
        picks = extreme_picks(chosen, demands, valued, charges, best=best)
        assert percents(options_of(picks)) == wanted
