"""The demo's design hub: everything in it was asked for and signed as people do it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from karkhana.design.approvals.queries import approval_board
from karkhana.design.changes.content import change_subject
from karkhana.design.models import Approval, ChangeOrder, Deviation, FirmwareImage, Revision
from karkhana.floor.changes.operations import approve_change, plant_day
from karkhana.floor.reference import reference
from karkhana.ledger import store
from karkhana.sim.hub import NEW_MAIN, fill_hub
from karkhana.sim.partners import install_people
from karkhana.sim.scenario import install, load_scenario
from karkhana.site.roles import ensure_demo_accounts

NOW = dt.datetime(2026, 6, 15, 12, 0, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_the_hub_has_work_under_way_and_the_partner_finishes_it() -> None:
    scenario = load_scenario()
    install(scenario, today=NOW.date())
    ensure_demo_accounts()
    people = install_people(scenario.partners, now=NOW)
    words = {login: password for login, password, _ in people}
    assert fill_hub(words, now=NOW)
    assert not fill_hub(words, now=NOW), "and only once"

    order = ChangeOrder.objects.get()
    lena = get_user_model().objects.get(username="lena")
    subject = change_subject(order, plant_day(NOW))
    board = approval_board(subject, lena)
    assert dict(board.parties) == {"JAMUNAPAR": "approved", "OSTREL": "missing"}
    assert all(row.valid for row in board.rows)
    states = dict(FirmwareImage.objects.values_list("version", "state"))
    assert states[NEW_MAIN] == "approved"
    assert set(states.values()) == {"approved"}
    deviation = Deviation.objects.get()
    assert (deviation.state, deviation.max_units) == ("approved", 400)
    assert Revision.objects.get(product__code="OST-P8", code="A").state == "draft"

    approve_change(
        number=order.number, now=NOW, user=lena, passphrase=words["lena"], stated_hash=subject.content_hash
    )
    order.refresh_from_db()
    new = Revision.objects.get(product__code="OST-P7", code="D")
    assert (order.state, new.state) == ("approved", "released")
    assert Approval.objects.filter(subject=order.number, decision="approved").count() == 2
    with connection.cursor():
        gate = reference(store.raw_cursor(connection))
    package = gate.releases["OST-P7", "D"]
    assert {rule.version for rule in package.firmware} >= {NEW_MAIN}
    assert {"P7-BACK-GL-IN", "P7-SIMTRAY-IN"} <= {item.part for item in package.bom}
