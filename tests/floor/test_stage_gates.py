"""A product walks its gates with units that were really recorded; each way of going wrong is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from floor import stage_builds as sb
from floor import workshop as ws
from karkhana.design.models import Characteristic, FirstArticle, StageGate, StageIssue
from karkhana.design.stages.operations import (
    adopt_stage,
    close_issue,
    open_issue,
    revoke_gate,
    set_criteria,
)
from karkhana.design.stages.rules import Criteria
from karkhana.floor.models import WorkOrder
from karkhana.floor.stages.articles import Measured, measured_on, read_amount, record_run
from karkhana.floor.stages.evidence import accepted, evidence_of
from karkhana.floor.stages.operations import (
    approve_gate,
    pass_gate,
    request_gate,
    withdraw_request,
)
from karkhana.kernel.refusals import Refused
from karkhana.partners.operations import enroll_signatory, ensure_agreement, ensure_party

pytestmark = pytest.mark.usefixtures("rolled_back")
PHRASE = "eight words would be better"


def refused(action: Callable[..., Any], **arguments: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        action(**arguments)
    return caught.value


def person(name: str, party: str | None = None) -> Any:
    user, made = get_user_model().objects.get_or_create(username=name)
    if party and made:
        enroll_signatory(party=party, name=name, now=ws.DAY, user=user, passphrase=PHRASE)
    return user


def ask(stage: str, user: Any = None, **more: Any) -> StageGate:
    wanted = {"product_code": "NOVA", "revision_code": "A", "stage": stage, "now": ws.NOW}
    return request_gate(user=user or person("meera"), **wanted | more)


def through(stage: str) -> StageGate:
    ask(stage)
    return pass_gate(product_code="NOVA", stage=stage, user=person("meera"), now=ws.NOW)


def sign(stage: str, who: str, party: str, stated: str, **more: Any) -> Any:
    wanted = {"product_code": "NOVA", "stage": stage, "stated_hash": stated, "passphrase": PHRASE}
    return approve_gate(user=person(who, party), now=ws.NOW, **wanted | more)


def hub() -> None:
    """Two partners who both sign stage gates."""
    for code, kind in (("MAKER", "maker"), ("HUB-P", "partner")):
        ensure_party(code=code, name=code, kind=kind)
    ensure_agreement(code="JV", title="Joint hub", kind="alliance", starts_on=dt.date(2025, 1, 1),
                     ends_on=None, parties={"MAKER": ["stage_gate"], "HUB-P": ["stage_gate"]})  # fmt: skip


def issue(severity: str = "B", title: str = "Screen flickers", **more: Any) -> StageIssue:
    wanted = {"product_code": "NOVA", "revision_code": "A", "stage": "EVT", "now": ws.NOW}
    return open_issue(severity=severity, title=title, **wanted | more)


def test_a_mass_production_order_is_refused_until_the_gates_are_walked() -> None:
    sb.set_up_nova()
    sb.order("E1", "EVT")
    assert refused(sb.order, code="M1", stage="MP").refusal.fields["criteria"] == ["units", "first_pass"]
    assert sb.build("E1", 15, failing=5) == []
    gate = through("EVT")
    shown = msgspec.json.decode(gate.evidence)["evidence"]
    assert (shown["built"], shown["started"], shown["orders"]) == (20, 20, ["E1"])
    assert [(s["name"], s["judged"], s["passed"]) for s in shown["steps"]] == [
        ("Glue", 20, 20), ("Final test", 20, 15),
    ]  # fmt: skip
    sb.order("D1", "DVT")
    assert sb.build("D1", 50) == []
    missing = refused(ask, stage="DVT").refusal
    assert (missing.code, missing.fields["criteria"]) == ("stage.criteria_unmet", ["first_article"])
    sb.first_article("D1-0003")
    through("DVT")
    assert refused(sb.order, code="M1", stage="MP").refusal.fields["missing"] == "PVT"
    sb.order("V1", "PVT")
    assert sb.build("V1", 199) == []
    sb.first_article("V1-0001")
    said = refused(sb.order, code="M1", stage="MP").refusal
    assert said.message == (
        "NOVA cannot be built for MP: it is not through PVT. Units built 199, needed at least 200"
    )
    assert sb.build("V1", 1, first=200) == []
    assert "has not been passed" in refused(sb.order, code="M1", stage="MP").refusal.message
    through("PVT")
    sb.order("M1", "MP")
    assert sb.build("M1", 1) == []
    assert [g.action for g in StageGate.objects.filter(product__code="NOVA").order_by("pk")] == [
        "requested", "passed"] * 3  # fmt: skip
    revoke_gate(product_code="NOVA", stage="PVT", reason="Batteries swell", now=ws.NOW)
    assert sb.build("M1", 1, first=2)[0] == "work_order.stage"
    assert sb.build("V1", 1, first=201) == []


def test_gates_are_passed_in_order_by_what_was_asked_for() -> None:
    sb.set_up_nova()
    assert refused(ask, stage="DVT").refusal.code == "stage.order"
    assert refused(ask, stage="MP").refusal.code == "stage.unknown"
    assert refused(ask, stage="EVT", revision_code="Q").refusal.code == "revision.unknown"
    assert refused(ask, stage="EVT").refusal.fields["criteria"] == ["units", "first_pass"]
    from karkhana.design.models import Product, Revision

    Revision.objects.create(product=Product.objects.get(code="NOVA"), code="B")
    assert refused(ask, stage="EVT", revision_code="B").refusal.code == "stage.not_released"
    decide = {"product_code": "NOVA", "stage": "EVT", "user": person("meera"), "now": ws.NOW}
    assert refused(pass_gate, **decide).refusal.code == "stage.not_requested"
    assert refused(withdraw_request, reason="", **decide).refusal.code == "stage.not_requested"
    sb.order("E1", "EVT")
    sb.build("E1", 20)
    ask("EVT")
    withdraw_request(reason="Too soon", **decide)
    assert refused(pass_gate, **decide).refusal.code == "stage.not_requested"
    through("EVT")
    assert refused(ask, stage="EVT").refusal.code == "stage.passed_already"


def test_units_of_another_revision_or_stage_prove_nothing() -> None:
    sb.set_up_nova()
    sb.set_up_nova(msgspec.structs.replace(sb.NOVA, revision="B"))
    sb.order("E1", "EVT")
    sb.build("E1", 20)
    assert "units" in refused(ask, stage="EVT", revision_code="B").refusal.fields["criteria"]
    through("EVT")
    sb.order("D1", "DVT")
    assert "units" in refused(ask, stage="DVT").refusal.fields["criteria"]


def test_what_changes_after_the_request_makes_it_stale() -> None:
    hub()
    sb.set_up_nova(agreement="JV")
    sb.order("E1", "EVT")
    sb.build("E1", 20)
    first = ask("EVT", person("asha", "MAKER"))
    sign("EVT", "kenji", "HUB-P", first.evidence_hash)
    sb.build("E1", 1, first=21)
    decide = {"product_code": "NOVA", "stage": "EVT", "user": person("meera"), "now": ws.NOW}
    assert refused(pass_gate, **decide).refusal.code == "stage.evidence_changed"
    with pytest.raises(Refused) as caught:
        sign("EVT", "ravi", "MAKER", first.evidence_hash)
    assert caught.value.refusal.code == "stage.evidence_changed"
    second = ask("EVT", person("asha", "MAKER"))
    assert second.evidence_hash != first.evidence_hash
    with pytest.raises(Refused) as caught:
        sign("EVT", "ravi", "MAKER", first.evidence_hash)
    assert caught.value.refusal.code == "approval.stale"
    sign("EVT", "ravi", "MAKER", second.evidence_hash)
    assert refused(pass_gate, **decide).refusal.fields["parties"] == "HUB-P"
    sign("EVT", "kenji", "HUB-P", second.evidence_hash)
    assert pass_gate(**decide).action == "passed"


def test_approvals_are_the_parties_own() -> None:
    hub()
    sb.set_up_nova(agreement="JV")
    sb.order("E1", "EVT")
    sb.build("E1", 20)
    asha = person("asha", "MAKER")
    stated = ask("EVT", asha).evidence_hash
    cases = {
        "approval.own_request": {"who": "asha", "party": "MAKER"},
        "approval.no_signatory": {"who": "nobody", "party": None},
        "approval.passphrase": {"who": "ravi", "party": "MAKER", "passphrase": "wrong and long"},
    }
    for code, arguments in cases.items():
        with pytest.raises(Refused) as caught:
            sign("EVT", stated=stated, **arguments)
        assert caught.value.refusal.code == code
    sign("EVT", "ravi", "MAKER", stated)
    sign("EVT", "kenji", "HUB-P", stated, decision="rejected", comment="The seam")
    decide = {"product_code": "NOVA", "stage": "EVT", "user": asha, "now": ws.NOW}
    assert refused(pass_gate, **decide).refusal.code == "approval.rejected"


def test_what_was_signed_before_a_revocation_does_not_count_after() -> None:
    hub()
    sb.set_up_nova(agreement="JV")
    sb.order("E1", "EVT")
    sb.build("E1", 20)
    asha = person("asha", "MAKER")
    stated = ask("EVT", asha).evidence_hash
    for who, party in (("ravi", "MAKER"), ("kenji", "HUB-P")):
        sign("EVT", who, party, stated)
    decide = {"product_code": "NOVA", "stage": "EVT", "user": asha, "now": ws.NOW}
    pass_gate(**decide)
    revoke_gate(product_code="NOVA", stage="EVT", reason="Wrong", now=ws.NOW)
    assert ask("EVT", asha).evidence_hash != stated
    assert refused(pass_gate, **decide).refusal.code == "approval.missing"


def test_open_issues_keep_a_gate_shut_until_they_are_closed() -> None:
    sb.set_up_nova()
    sb.order("E1", "EVT")
    sb.build("E1", 20)
    bad = issue("A", "Smoke")
    assert refused(ask, stage="EVT").refusal.fields["criteria"] == ["issues_a"]
    closing = {"product_code": "NOVA", "number": bad.number, "now": ws.NOW}
    assert refused(close_issue, resolution="  ", **closing).refusal.code == "stage.text"
    assert close_issue(resolution="A new fuse", **closing).resolution == "A new fuse"
    assert refused(close_issue, resolution="Again", **closing).refusal.code == "stage.issue_closed"
    closing["number"] = 99
    assert refused(close_issue, resolution="x", **closing).refusal.code == "stage.issue_unknown"
    assert [issue("C").number, issue("B").number] == [2, 3]
    through("EVT")
    for statement in (
        "DELETE FROM design_stageissue",
        "UPDATE design_stageissue SET title = 'x' WHERE number = 1",
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"severity": "D"}, "stage.severity"),
        ({"severity": ""}, "stage.severity"),
        ({"title": ""}, "stage.text"),
        ({"title": "x" * 201}, "stage.text"),
        ({"title": "a\x00b"}, "stage.text"),
        ({"owner": "x" * 81}, "stage.text"),
        ({"stage": "X"}, "stage.unknown"),
        ({"due_on": dt.date(1900, 1, 1)}, "stage.date"),
        ({"product_code": "N\x00"}, "product.unknown"),
        ({"revision_code": "Z"}, "revision.unknown"),
    ],
)
def test_what_is_no_issue(other: dict[str, Any], code: str) -> None:
    sb.set_up_nova()
    assert refused(issue, **other).refusal.code == code


def test_a_product_may_ask_more_of_itself_but_not_less() -> None:
    sb.set_up_nova()
    sb.order("E1", "EVT")
    sb.build("E1", 20)
    where = {"product_code": "NOVA", "stage": "EVT"}
    assert refused(set_criteria, own=Criteria(units=19), **where).refusal.code == "stage.criteria_looser"
    assert set_criteria(own=Criteria(units=21, reliability_hours=50), **where).units == 21
    assert refused(ask, stage="EVT").refusal.fields["criteria"] == ["units", "reliability"]
    sb.build("E1", 1, first=21)
    run = {"product_code": "NOVA", "revision_code": "A", "stage": "EVT", "name": "Burn-in", "units": 5,
           "report": "R-1", "now": ws.NOW}  # fmt: skip
    record_run(unit_hours=Decimal(500), failures=1, **run)
    record_run(unit_hours=Decimal("49.9"), failures=0, **run)
    assert refused(ask, stage="EVT").refusal.fields["criteria"] == ["reliability"]
    record_run(unit_hours=Decimal("0.1"), failures=0, **run)
    ask("EVT")
    assert set_criteria(own=None, **where).units == 20
    for other in ({"units": 0}, {"failures": 6}, {"unit_hours": Decimal("NaN")},
                  {"unit_hours": Decimal("0.01")}, {"unit_hours": Decimal(10) ** 40}):  # fmt: skip
        wanted = run | {"unit_hours": Decimal(1), "failures": 0} | other
        assert refused(record_run, **wanted).refusal.code == "stage.run"


def test_compliance_and_documents_keep_the_last_gate_shut() -> None:
    bare = msgspec.structs.replace(
        sb.NOVA,
        compliance=tuple(msgspec.structs.replace(item, certificate=" ") for item in sb.NOVA.compliance),
    )
    sb.set_up_nova(bare)
    adopt_stage(product_code="NOVA", stages=("EVT", "DVT"), reason="Built elsewhere", now=ws.NOW)
    set_criteria(product_code="NOVA", stage="PVT", own=Criteria(documents=("drawing",)))
    said = refused(ask, stage="PVT").refusal
    assert {"compliance", "documents"} <= set(said.fields["criteria"])
    assert "BIS-CRS" in said.message
    assert "TEC" not in said.message


def test_a_first_article_is_judged_by_the_database() -> None:
    sb.set_up_nova()
    sb.order("E1", "EVT")
    sb.build("E1", 2)
    assert measured_on("E1-0001") == {"power": Decimal("12.5")}
    bad = sb.first_article("E1-0001", sb.with_bad_reading())
    assert not accepted(bad)
    assert [row.conforms for row in bad.characteristics.order_by("number")] == [False, True]
    assert (bad.stage, bad.work_order) == ("EVT", "E1")
    good = sb.first_article("E1-0002")
    assert accepted(good)
    revision = good.revision
    assert evidence_of(revision, "EVT", Criteria()).first_article == ("E1-0002", True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Characteristic.objects.filter(article=bad).update(measured=12)
    with pytest.raises(IntegrityError), transaction.atomic():
        FirstArticle.objects.filter(pk=bad.pk).update(inspector="Q-2")


def _row(**other: Any) -> tuple[Measured, ...]:
    return (sb.GOOD[0], msgspec.structs.replace(sb.GOOD[1], **other))


@pytest.mark.parametrize(
    ("serial", "rows", "code"),
    [
        ("NOBODY", sb.GOOD, "first_article.unit"),
        ("N\x00", sb.GOOD, "first_article.unit"),
        ("E1-0099", sb.GOOD, "first_article.unfinished"),
        ("E1-0001", (), "first_article.empty"),
        ("E1-0001", sb.GOOD * 251, "first_article.empty"),
        ("E1-0001", sb.GOOD[1:], "first_article.missing"),
        ("E1-0001", _row(low=None, high=None), "first_article.limits"),
        ("E1-0001", _row(low=Decimal(1)), "first_article.limits"),
        ("E1-0001", (msgspec.structs.replace(sb.GOOD[0], high=Decimal(21)),), "first_article.limits"),
        ("E1-0001", (msgspec.structs.replace(sb.GOOD[0], low=None),), "first_article.limits"),
        ("E1-0001", _row(measured=Decimal("NaN")), "first_article.number"),
        ("E1-0001", _row(measured=Decimal("1E15")), "first_article.number"),
        ("E1-0001", _row(measured=Decimal("0.0000000001")), "first_article.number"),
        ("E1-0001", _row(name=""), "stage.text"),
        ("E1-0001", _row(name="a\x00"), "stage.text"),
    ],
)
def test_what_is_no_first_article(serial: str, rows: tuple[Measured, ...], code: str) -> None:
    sb.set_up_nova()
    sb.order("E1", "EVT")
    sb.build("E1", 1)
    from karkhana.floor.operations import record_events

    (line,) = ws.lines("09:00  GLU-N  start E1-0099 order E1  accepted")
    record_events([line.raw], recorded_at=ws.NOW)
    assert refused(sb.first_article, serial=serial, rows=rows).refusal.code == code
    assert not FirstArticle.objects.exists()


@pytest.mark.parametrize("text", ["x", "1,5", "--1", "1" * 41])
def test_what_is_no_number(text: str) -> None:
    assert refused(read_amount, text=text, row=3, what="low").refusal.fields["row"] == 3
    assert (read_amount(" 1.50 ", 1, "low"), read_amount(" ", 1, "low")) == (Decimal("1.50"), None)


def test_an_adopted_product_needs_a_reason_and_stays_adopted() -> None:
    sb.set_up_nova()
    assert refused(adopt_stage, product_code="NOVA", reason=" ", now=ws.NOW).refusal.code == "stage.text"
    assert refused(adopt_stage, product_code="NOVA", stages=("MP",), reason="x", now=ws.NOW).refusal.code == (
        "stage.unknown"
    )
    assert len(adopt_stage(product_code="NOVA", reason="Ran at the old plant", now=ws.NOW)) == 3
    assert adopt_stage(product_code="NOVA", reason="Ran at the old plant", now=ws.NOW) == []
    sb.order("M1", "MP")
    assert WorkOrder.objects.get(code="M1").stage == "MP"
