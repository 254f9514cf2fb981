"""Change orders and deviations: their states, who approves them, what is refused, what nobody can change."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.db import IntegrityError, connection, transaction

from floor import workshop as ws
from floor.hub import PASSPHRASE, draft, set_up_hub, user
from karkhana.design.approvals import rules as approval_rules
from karkhana.design.changes import deviating, operations, rules
from karkhana.design.changes.asked import ChangeAsked, DeviationAsked
from karkhana.design.changes.content import change_subject, deviation_subject
from karkhana.design.changes.rules import Order
from karkhana.design.models import Approval, ChangeNote, ChangeOrder, Deviation, Revision
from karkhana.design.operations import end_revision, return_to_draft, save_plan, submit_revision
from karkhana.design.queries import find_revision, stored_plan
from karkhana.floor.changes import operations as floor
from karkhana.floor.setup import ensure_work_order
from karkhana.kernel.refusals import Refused
from karkhana.partners import signing
from karkhana.partners.operations import enroll_signatory

pytestmark = pytest.mark.usefixtures("rolled_back")
TODAY = ws.DAY.date()
ASKED = ChangeAsked("Brighter display", "the maker ends the old one", effective_on=dt.date(2026, 6, 20))


def refused(code: str, call: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Expect a refusal, and that nothing was written before it."""
    with pytest.raises(Refused) as caught, transaction.atomic():
        call(*args, **kwargs)
    assert caught.value.refusal.code == code, caught.value.refusal


def requested(asked: ChangeAsked = ASKED, *, to: str = "C", by: str = "eve") -> ChangeOrder:
    return floor.request_change(
        product="PHONE", from_revision="A", to_revision=to, asked=asked, user=user(by), now=ws.DAY
    )


def hash_of(number: str) -> str:
    order = ChangeOrder.objects.get(number=number)
    return change_subject(order, TODAY).content_hash


def sign(number: str, name: str, **more: Any) -> approval_rules.Standing:
    return floor.approve_change(
        number=number, now=ws.DAY, **{
            "user": user(name), "stated_hash": hash_of(number), "passphrase": PASSPHRASE, **more
        },
    )  # fmt: skip


@pytest.fixture
def hub() -> None:
    set_up_hub()
    draft()


@pytest.fixture
def order(hub: None) -> ChangeOrder:
    return requested()


def test_both_partners_sign_and_the_revision_is_released(order: ChangeOrder) -> None:
    assert (order.number[:5], order.state) == ("CO-00", "requested")
    assert sign(order.number, "alice").missing == {"BINARY"}
    assert Revision.objects.get(product__code="PHONE", code="C").package is None
    assert sign(order.number, "bela").complete
    order.refresh_from_db()
    assert (order.state, order.required) == ("approved", ["ANANT", "BINARY"])
    said = msgspec.json.decode(order.content)
    revision = Revision.objects.get(product__code="PHONE", code="C")
    assert (revision.state, revision.package_hash) == ("released", said["to_hash"])
    assert said["impact"] is not None
    assert set(Approval.objects.values_list("subject_hash", flat=True)) == {order.content_hash}
    notes = list(ChangeNote.objects.order_by("pk").values_list("what", flat=True))
    assert notes == ["requested", "impact shown", "signed", "signed", "approved", "released"]
    order = floor.put_into_effect(number=order.number, user=user("eve"), now=ws.DAY + dt.timedelta(days=5))
    assert order.state == "effective"
    assert floor.close_change(number=order.number, user=user("eve"), now=ws.NOW).state == "closed"
    assert find_revision("PHONE", "A").state == "superseded"


def test_who_may_not_sign(order: ChangeOrder) -> None:
    number = order.number
    refused("approval.no_signatory", sign, number, "carl")
    refused("approval.no_signatory", sign, number, "eve")
    refused("approval.passphrase", sign, number, "alice", passphrase="wrong wrong wrong")
    refused("approval.stale", sign, number, "alice", stated_hash="0" * 64)
    sign(number, "alice")
    refused("approval.twice", sign, number, "alice")


def test_nobody_approves_what_they_asked_for_or_put_into_review(hub: None) -> None:
    mine = requested(by="alice")
    refused("approval.own_request", sign, mine.number, "alice")
    assert sign(mine.number, "arjun").missing == {"BINARY"}
    draft("D", submitted_by="bela")
    theirs = requested(to="D")
    refused("approval.own_request", sign, theirs.number, "bela")


def test_an_edit_makes_signatures_stale(order: ChangeOrder) -> None:
    seen = hash_of(order.number)
    sign(order.number, "alice")
    later = dataclasses.replace(ASKED, effective_on=dt.date(2026, 7, 1))
    floor.edit_change(number=order.number, asked=later, user=user("eve"), now=ws.DAY)
    refused("approval.stale", sign, order.number, "bela", stated_hash=seen)
    assert sign(order.number, "bela").missing == {"ANANT"}
    assert sign(order.number, "alice").complete


def test_another_target_makes_signatures_stale(order: ChangeOrder) -> None:
    seen = hash_of(order.number)
    sign(order.number, "alice")
    revision = return_to_draft(product_code="PHONE", revision_code="C")
    refused("change.draft", sign, order.number, "bela")
    plan = msgspec.structs.replace(stored_plan(revision), repair_limit=2)
    save_plan(product_code="PHONE", revision_code="C", plan=plan)
    submit_revision(product_code="PHONE", revision_code="C", user=user("dev"), now=ws.DAY)
    assert hash_of(order.number) != seen
    # What was shown is not what would be released now.
    refused("approval.stale", sign, order.number, "bela")
    floor.show_impact(number=order.number, user=user("eve"), now=ws.DAY)
    assert sign(order.number, "bela").missing == {"ANANT"}


def test_a_grown_impact_makes_approving_stale(order: ChangeOrder) -> None:
    sign(order.number, "alice")
    ensure_work_order(code="WO-PHONE-9", product="PHONE", revision="A", quantity=9)
    refused("approval.stale", sign, order.number, "bela")
    refused("approval.stale", floor.accept_change, number=order.number, user=user("eve"), now=ws.DAY)


def test_an_impact_must_be_there(hub: None) -> None:
    order = operations.request_change(
        product="PHONE", from_revision="A", to_revision="C", asked=ASKED, user=None, now=ws.DAY
    )
    refused("change.no_impact", sign, order.number, "alice")


def test_a_party_says_no(order: ChangeOrder) -> None:
    assert sign(order.number, "bela", decision="rejected", comment="too dear").rejected == {"BINARY"}
    order.refresh_from_db()
    assert order.state == "rejected"
    refused("change.state", sign, order.number, "alice")
    refused("change.settled", floor.edit_change, number=order.number, asked=ASKED, user=None, now=ws.DAY)
    assert find_revision("PHONE", "C").state == "in_review"


def test_withdrawn_is_the_end(order: ChangeOrder) -> None:
    assert operations.withdraw_change(number=order.number, user=None, now=ws.DAY).state == "withdrawn"
    refused("change.state", sign, order.number, "alice")
    refused("change.state", floor.put_into_effect, number=order.number, user=None, now=ws.DAY)
    refused("change.state", floor.close_change, number=order.number, user=None, now=ws.DAY)
    refused("change.unknown", operations.withdraw_change, number="CO-9\x00", user=None, now=ws.DAY)


def test_approval_of_a_change_needs_all_who_approve_the_revision() -> None:
    set_up_hub(approves=("revision",))
    draft()
    order = requested()
    assert change_subject(order, TODAY).required == {"ANANT", "BINARY"}
    refused("approval.missing", floor.accept_change, number=order.number, user=None, now=ws.DAY)
    # To a revision that is released already, nobody has a say here.
    order = requested(dataclasses.replace(ASKED, title="Other"), to="B")
    assert floor.accept_change(number=order.number, user=None, now=ws.DAY).state == "approved"


def test_signatures_made_elsewhere_count(order: ChangeOrder) -> None:
    public, sealed = signing.new_key("a key of my own")
    enroll_signatory(party="BINARY", name="Far away", public_key=public, now=ws.DAY)
    subject = change_subject(order, TODAY)
    text = approval_rules.statement(
        subject, party="BINARY", signatory=public, decision="approved", comment="", at=ws.DAY
    )
    given: dict[str, Any] = {
        "number": order.number, "now": ws.DAY, "public_key": public, "stated_hash": subject.content_hash,
        "signed_at": ws.DAY,
    }  # fmt: skip
    refused("approval.signature", floor.approve_change, **given, signature="0" * 128)
    standing = floor.approve_change(**given, signature=signing.sign(sealed, "a key of my own", text))
    assert standing.missing == {"ANANT"}


def test_two_changes_of_one_revision_do_not_both_bind(order: ChangeOrder) -> None:
    other = requested(dataclasses.replace(ASKED, title="Other"), to="B")
    for name in ("alice", "bela"):
        sign(order.number, name)
    sign(other.number, "alice")
    refused("change.overlap", sign, other.number, "bela")


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("change.title", {"title": " "}),
        ("change.title", {"title": "x" * 201}),
        ("change.reason", {"reason": "a\x00b"}),
        ("change.class", {"change_class": "III"}),
        ("change.disposition", {"in_process": "burn"}),
        ("change.disposition", {"stock": "eat"}),
        ("change.effectivity", {"effectivity": "moon"}),
        ("change.effectivity", {"effective_on": None}),
        ("change.effectivity", {"effective_on": dt.date(9999, 1, 1)}),
        ("change.effectivity", {"effective_serial": "U1"}),
        ("change.effectivity", {"effectivity": "serial", "effective_on": None, "effective_serial": "ABC"}),
        ("change.effectivity", {"effectivity": "serial", "effective_on": None, "effective_serial": "A\t1"}),
        ("change.effectivity", {"effectivity": "work_order", "effective_on": None,
                                "orders": [Order("WO-PHONE", "WO-PHONE", 1)]}),
        ("change.effectivity", {"effectivity": "work_order", "effective_on": None,
                                "orders": [Order("WO-PHONE", "WO-N", 0)]}),
        ("change.effectivity", {"effectivity": "work_order", "effective_on": None,
                                "orders": [Order("WO-PHONE", "", 1)]}),
        ("change.order", {"effectivity": "work_order", "effective_on": None,
                          "orders": [Order("WO-9", "WO-N", 1)]}),
        ("change.order", {"effectivity": "work_order", "effective_on": None,
                          "orders": [Order("WO-TOY", "WO-N", 1)]}),
        ("change.order", {"effectivity": "work_order", "effective_on": None,
                          "orders": [Order("WO-PHONE", "WO-TOY", 1)]}),
        ("change.order", {"effectivity": "work_order", "effective_on": None,
                          "orders": [Order("WO-PHONE", "WO-N")]}),
    ],
)  # fmt: skip
def test_what_makes_no_sense(code: str, asked: dict[str, Any]) -> None:
    refused(code, requested, dataclasses.replace(ASKED, **asked), to="B")
    assert not ChangeOrder.objects.exists()


def test_which_revisions_can_change() -> None:
    draft(submitted_by=None)
    for old, new in (("A", "A"), ("C", "A")):
        refused(
            "change.revisions", operations.request_change, product="PHONE", from_revision=old,
            to_revision=new, asked=ASKED, user=None, now=ws.DAY,
        )  # fmt: skip
    end_revision(product_code="PHONE", revision_code="B", state="superseded", now=ws.DAY)
    refused("change.revisions", requested, to="B")
    refused("revision.unknown", requested, to="Z")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM design_changeorder",
        "UPDATE design_changeorder SET title = 'another'",
        "UPDATE design_changeorder SET effective_on = '2030-01-01'",
        "UPDATE design_changeorder SET content = '{}'",
        "UPDATE design_changeorder SET state = 'requested'",
        "UPDATE design_changeorder SET state = 'closed'",
        "UPDATE design_changeorder SET requested_by_id = NULL",
        "UPDATE design_changeorder SET id = id + 1000",
        "UPDATE design_changeorder SET closed_at = now()",
        "UPDATE design_changeorder SET state = 'effective', closed_at = now()",
        "UPDATE design_changenote SET note = 'x'",
        "DELETE FROM design_changenote",
    ],
)
def test_nobody_changes_an_approved_order(order: ChangeOrder, statement: str) -> None:
    for name in ("alice", "bela"):
        sign(order.number, name)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE design_changeorder SET state = 'approved', content = 'x', approved_at = now(),"
        " required = '{ANANT,BINARY}', content_hash = encode(sha256('x'), 'hex')",
        "INSERT INTO design_changeorder (number, title, reason, product_id, from_revision_id,"
        " to_revision_id, state, requested_at, required, change_class, effectivity, effective_on,"
        " effective_serial, orders, in_process, stock, content, content_hash, approved_at, impact)"
        " SELECT 'CO-X', title, reason, product_id, from_revision_id, to_revision_id, 'approved',"
        " requested_at, required, change_class, effectivity, effective_on, effective_serial, orders,"
        " in_process, stock, 'x', encode(sha256('x'), 'hex'), now(), '{}' FROM design_changeorder",
    ],
)
def test_nothing_binds_without_its_signatures(order: ChangeOrder, statement: str) -> None:
    sign(order.number, "alice")
    with pytest.raises(IntegrityError, match=r"is not signed by|does not begin"), transaction.atomic():
        connection.cursor().execute(statement)


# Deviations and waivers.

STAND_IN = DeviationAsked(
    "deviation", "For now", "none is left", part="BAT", substitute="AKKU", max_units=5
)  # fmt: skip


def deviation(asked: DeviationAsked = STAND_IN, *, by: str = "eve") -> Deviation:
    return floor.request_deviation(product="PHONE", revision="A", asked=asked, user=user(by), now=ws.DAY)


def sign_deviation(row: Deviation, name: str, **more: Any) -> approval_rules.Standing:
    row.refresh_from_db()
    return deviating.approve_deviation(
        number=row.number, now=ws.DAY, today=TODAY, **{
            "user": user(name), "stated_hash": deviation_subject(row, TODAY).content_hash,
            "passphrase": PASSPHRASE, **more,
        },
    )  # fmt: skip


def test_a_deviation_is_approved_by_both_and_closed() -> None:
    set_up_hub()
    row = deviation()
    assert row.number.startswith("DV-00")
    refused("approval.missing", deviating.accept_deviation, number=row.number, user=None, now=ws.DAY,
            today=TODAY)  # fmt: skip
    refused("approval.stale", sign_deviation, row, "bela", stated_hash="0" * 64)
    sign_deviation(row, "alice")
    refused("approval.twice", sign_deviation, row, "alice")
    assert sign_deviation(row, "bela").complete
    row.refresh_from_db()
    assert row.state == "approved"
    refused("deviation.state", sign_deviation, row, "arjun")
    refused("deviation.state", deviating.withdraw_deviation, number=row.number, user=None, now=ws.DAY)
    for statement in (
        "UPDATE design_deviation SET max_units = 500",
        "UPDATE design_deviation SET until = '2030-01-01'",
        "DELETE FROM design_deviation",
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            connection.cursor().execute(statement)
    assert deviating.close_deviation(number=row.number, user=None, now=ws.DAY).state == "closed"
    refused("deviation.unknown", deviating.close_deviation, number="DV-9", user=None, now=ws.DAY)


def test_a_deviation_is_rejected_or_withdrawn() -> None:
    set_up_hub()
    row = deviation(by="alice")
    refused("approval.own_request", sign_deviation, row, "alice")
    assert sign_deviation(row, "bela", decision="rejected").rejected == {"BINARY"}
    row.refresh_from_db()
    assert row.state == "rejected"
    other = deviation()
    assert deviating.withdraw_deviation(number=other.number, user=None, now=ws.DAY).state == "withdrawn"


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        ("deviation.title", {"title": ""}),
        ("deviation.reason", {"reason": ""}),
        ("deviation.kind", {"kind": "wish"}),
        ("deviation.what", {"part": ""}),
        ("deviation.what", {"substitute": "BAT"}),
        ("deviation.what", {"part": "", "substitute": ""}),
        ("deviation.what", {"step": 0}),
        ("deviation.what", {"part": "", "substitute": "", "requirement": "a\x00"}),
        ("deviation.what", {"role": "a\nb"}),
        ("deviation.limit", {"max_units": None}),
        ("deviation.limit", {"max_units": 0}),
        ("deviation.limit", {"until": dt.date(1, 1, 1)}),
        ("deviation.limit", {"work_orders": [""]}),
        ("deviation.work_order", {"work_orders": ["WO-TOY"]}),
        ("deviation.serials", {"serials": ["U1"]}),
        ("deviation.part", {"part": "NOTHING"}),
        ("deviation.part", {"step": 3}),
        ("deviation.part", {"role": "board"}),
        ("deviation.part", {"substitute": "BAT-B"}),
    ],
)
def test_a_deviation_that_makes_no_sense(code: str, asked: dict[str, Any]) -> None:
    refused(code, deviation, dataclasses.replace(STAND_IN, **asked))


def test_a_deviation_is_from_what_is_released() -> None:
    draft(submitted_by=None)
    refused(
        "deviation.revision", floor.request_deviation, product="PHONE", revision="C", asked=STAND_IN,
        user=None, now=ws.DAY,
    )  # fmt: skip


def test_a_waiver_is_shown_with_its_units() -> None:
    from floor.test_gate_scenarios import tell
    from karkhana.floor.trace import trace_unit

    for line in ws.lines(ws.PHONE_BORN):
        assert tell(line) == "accepted"
    waiver = DeviationAsked("waiver", "Scratch", "the buyer agrees", requirement="no scratch", serials=["U1"])
    refused("deviation.serials", deviation, dataclasses.replace(waiver, serials=["U1", "U1"]))
    refused("deviation.serials", deviation, dataclasses.replace(waiver, serials=["U1", "B1"]))
    refused("deviation.serials", deviation, dataclasses.replace(waiver, serials=[]))
    refused("deviation.limit", deviation, dataclasses.replace(waiver, max_units=1))
    row = deviation(waiver)
    assert trace_unit("U1")["waivers"] == []
    deviating.accept_deviation(number=row.number, user=None, now=ws.DAY, today=TODAY)
    assert [found["number"] for found in trace_unit("U1")["waivers"]] == [row.number]


@pytest.mark.parametrize(
    ("serial", "first", "answer"),
    [
        ("U100", "U100", True),
        ("U099", "U100", False),
        ("U1000", "U100", None),
        ("V100", "U100", None),
        ("U", "U100", None),
        ("0200", "0100", True),
        ("U1A9", "U1A8", True),
    ],
)
def test_order_of_serials(serial: str, first: str, answer: bool | None) -> None:
    assert rules.is_at_or_after(serial, first) is answer
