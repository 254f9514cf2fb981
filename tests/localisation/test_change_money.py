"""What a change order tells of cost and local value, and that what was signed before stays as it was."""

from __future__ import annotations

import json

import msgspec
import pytest
from django.test import Client

from floor import workshop as ws
from floor.hub import draft, set_up_hub, user
from karkhana.design.changes.asked import ChangeAsked
from karkhana.design.changes.content import change_subject
from karkhana.design.models import ChangeOrder
from karkhana.design.operations import save_line, save_plan
from karkhana.design.plan import PlanStep
from karkhana.design.queries import find_revision, stored_plan
from karkhana.design.release import BomItem
from karkhana.floor.changes import money
from karkhana.floor.changes import operations as floor
from karkhana.localisation.models import PriceTerm
from karkhana.site.roles import ensure_roles
from localisation.offered import D, certificate, offer, term

pytestmark = pytest.mark.usefixtures("rolled_back")
ASKED = ChangeAsked("Battery from here", "the import is late", effective_on=ws.DAY.date())
PARTS = ("BAT", "GLUE", "CAP", "RES")


def requested() -> ChangeOrder:
    """A change of the phone from A to C, whose battery is another one."""
    set_up_hub()
    draft("C", submitted_by=None)
    for number, part in enumerate(("PCBA", "BAT-IN", "GLUE"), start=1):
        save_line(
            product_code="PHONE", revision_code="C", item=BomItem(number=number, part=part, quantity=D(1))
        )
    plan = stored_plan(find_revision("PHONE", "C"))
    steps = [_with_battery(step) for step in plan.steps]
    save_plan(product_code="PHONE", revision_code="C", plan=msgspec.structs.replace(plan, steps=tuple(steps)))
    return floor.request_change(
        product="PHONE", from_revision="A", to_revision="C", asked=ASKED, user=user("eve"), now=ws.DAY
    )


def _with_battery(step: PlanStep) -> PlanStep:
    """Bind the battery of the country in place of the other."""
    parts = [
        msgspec.structs.replace(part, part="BAT-IN", alternates=()) if part.part == "BAT" else part
        for part in step.key_parts
    ]
    return msgspec.structs.replace(step, key_parts=tuple(parts))


def priced() -> None:
    """Imports at 100 rupees each, and the battery of the country at 120 with a certificate of half."""
    for part in PARTS:
        offer(part, "100", of="SUP-FAR", channel="import", origin="CN")
    offer("BAT-IN", "120")
    certificate("SUP-IN", "50")
    term("PHONE", "price", "1000")


def test_a_change_tells_cost_and_local_value_before_and_after() -> None:
    """The board's parts count through its own bill; the battery takes 40 rupees of import off."""
    priced()
    told = json.loads(requested().impact or "")["money"]
    assert told["known"] is True
    assert (told["before"]["cost"], told["after"]["cost"], told["cost"]) == ("400.00", "420.00", "+20.00")
    assert (told["before"]["percent"], told["after"]["percent"]) == ("60.0000", "64.0000")
    assert (told["percent"], told["after"]["class"], told["after"]["unpriced"]) == ("+4.0000", "Class-I", 0)


def test_without_a_price_of_the_product_the_cost_is_told_alone() -> None:
    """The percentage is of something; without it there is none."""
    priced()
    PriceTerm.objects.all().delete()
    told = json.loads(requested().impact or "")["money"]
    assert (told["after"]["cost"], told["after"]["percent"], told["percent"]) == ("420.00", None, None)
    assert told["after"]["why"] == "method.denominator"


def test_where_nothing_is_priced_an_impact_is_what_it_always_was() -> None:
    """Byte for byte, so that no signature of before loses its content."""
    assert json.loads(requested().impact or "")["money"] == {"known": False}


def test_prices_that_come_later_change_nothing_that_was_shown() -> None:
    """The hash of what is approved rests on the impact as it was shown, not on what prices say now."""
    order = requested()
    before = change_subject(order, ws.DAY.date()).content_hash
    priced()
    kept = ChangeOrder.objects.get(number=order.number)
    assert change_subject(kept, ws.DAY.date()).content_hash == before
    floor.show_impact(number=order.number, user=user("eve"), now=ws.DAY)
    again = ChangeOrder.objects.get(number=order.number)
    assert change_subject(again, ws.DAY.date()).content_hash != before
    assert msgspec.json.decode(again.impact or "")["money"]["known"] is True


def test_the_change_order_page_shows_it() -> None:
    """Cost and points on the story's tiles."""
    priced()
    order = requested()
    client = Client()
    eve = user("eve")
    eve.groups.add(ensure_roles()["engineer"])
    client.force_login(eve)
    page = client.get(f"/design/changes/{order.number}/").content.decode()
    for text in ("₹ 420.00", "+20.00", "64.0000 %", "+4.0000 points", "PPP_MII Class-I"):
        assert text in page, text


def test_without_a_room_above_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The floor works by itself."""
    monkeypatch.setattr(money, "_tellers", [])
    order = requested()
    assert json.loads(order.impact or "")["money"] == {"known": False}
