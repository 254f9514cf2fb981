"""Work orders: who may be built at which stage, told by code and by the database itself."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any

import msgspec
import psycopg
import pytest
from django.db import IntegrityError, connection, transaction

from floor import workshop as ws
from karkhana.design.models import Revision, StageGate
from karkhana.design.operations import end_revision, ensure_product, release_revision
from karkhana.design.stages.operations import adopt_stage, revoke_gate
from karkhana.design.stages.queries import missing_gate, present_stage
from karkhana.floor.models import WorkOrder
from karkhana.floor.orders.operations import create_work_order
from karkhana.floor.setup import ensure_setup, ensure_work_order
from karkhana.kernel.refusals import Refused

pytestmark = pytest.mark.usefixtures("rolled_back")
NOVA = msgspec.structs.replace(ws.TOY, product="NOVA", markets=("IN", "AE"))


@pytest.fixture(autouse=True)
def nova(rolled_back: None) -> Revision:
    """A product that was released and never built."""
    ensure_product(code="NOVA", name="Nova", brand="ACME", segment="tablet")
    return release_revision(product_code="NOVA", revision_code="A", package=NOVA, released_at=ws.DAY)


def order(**other: Any) -> WorkOrder:
    wanted: dict[str, Any] = {
        "code": "WO-N1", "product": "NOVA", "revision": "A", "quantity": 20, "stage": "EVT", "now": ws.NOW,
    }  # fmt: skip
    return create_work_order(**wanted | other)


def refused(**other: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        order(**other)
    return caught.value


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"code": ""}, "order.code"),
        ({"code": " WO"}, "order.code"),
        ({"code": "W" * 41}, "order.code"),
        ({"code": "W\x00"}, "order.code"),
        ({"code": "WO-TOY"}, "order.code_taken"),
        ({"quantity": 0}, "order.quantity"),
        ({"quantity": -1}, "order.quantity"),
        ({"quantity": 10**40}, "order.quantity"),
        ({"stage": "QVT"}, "stage.unknown"),
        ({"stage": ""}, "stage.unknown"),
        ({"market": "in"}, "order.market"),
        ({"market": "US"}, "order.market"),
        ({"market": "I\x00"}, "order.market"),
        ({"due_on": dt.date(9999, 1, 1)}, "stage.date"),
        ({"product": "NOBODY"}, "product.unknown"),
        ({"product": "N\x00"}, "product.unknown"),
        ({"revision": "Z"}, "revision.unknown"),
        ({"revision": "A\x00"}, "revision.unknown"),
        ({"stage": "DVT"}, "order.stage_not_reached"),
        ({"stage": "PVT"}, "order.stage_not_reached"),
        ({"stage": "MP"}, "order.stage_not_reached"),
    ],
)
def test_what_cannot_be_ordered(other: dict[str, Any], code: str) -> None:
    assert refused(**other).refusal.code == code
    assert not WorkOrder.objects.filter(revision__product__code="NOVA").exists()


def test_a_draft_and_a_superseded_revision_cannot_be_ordered(nova: Revision) -> None:
    Revision.objects.create(product=nova.product, code="B")
    assert refused(revision="B").refusal.code == "order.not_released"
    end_revision(product_code="NOVA", revision_code="A", state="superseded", now=ws.NOW)
    assert refused().refusal.code == "order.superseded"


def test_an_order_names_the_first_gate_that_is_missing(nova: Revision) -> None:
    assert refused(stage="MP").refusal.fields["missing"] == "EVT"
    adopt_stage(product_code="NOVA", stages=("EVT", "PVT"), reason="Built elsewhere", now=ws.NOW)
    assert refused(stage="MP").refusal.fields["missing"] == "DVT"
    assert order(stage="DVT", market="AE").stage == "DVT"
    assert (present_stage(nova.product_id), missing_gate(nova.product_id, "PVT")) == ("DVT", "DVT")
    adopt_stage(product_code="NOVA", reason="Built elsewhere", now=ws.NOW)
    assert order(code="WO-N2", stage="MP").created_at == ws.NOW
    assert present_stage(nova.product_id) == "MP"
    assert StageGate.objects.filter(product=nova.product).count() == 3


def test_a_standing_order_is_for_the_stage_that_the_product_stands_at(nova: Revision) -> None:
    wanted = {"code": "WO-N", "product": "NOVA", "revision": "A", "quantity": 5}
    assert ensure_work_order(**wanted).stage == "EVT"
    adopt_stage(product_code="NOVA", reason="Built elsewhere", now=ws.NOW)
    assert ensure_work_order(**wanted).stage == "EVT"
    assert ensure_work_order(**wanted | {"code": "WO-M"}).stage == "MP"
    for other in ({"stage": "MP"}, {"product": "TOY"}):
        with pytest.raises(Refused) as caught:
            ensure_work_order(**wanted | other)
        assert caught.value.refusal.code == "setup.work_order_taken"
    with pytest.raises(Refused) as caught:
        ensure_work_order(code="WO-K", product="KITE", revision="A", quantity=1, stage="MP")
    assert caught.value.refusal.code == "order.stage_not_reached"


@pytest.mark.parametrize("stage", ["MP", "PVT", "DVT"])
def test_the_database_itself_refuses_an_order_before_its_time(nova: Revision, stage: str) -> None:
    """Also where the application's checks are passed by."""
    with pytest.raises(IntegrityError, match="not through EVT"), transaction.atomic():
        WorkOrder.objects.create(code="RAW", revision=nova, quantity=1, stage=stage)
    WorkOrder.objects.create(code="RAW", revision=nova, quantity=1, stage="EVT")
    with pytest.raises(IntegrityError, match="not through EVT"), transaction.atomic():
        WorkOrder.objects.filter(code="RAW").update(stage=stage)
    with pytest.raises(IntegrityError), transaction.atomic():
        WorkOrder.objects.filter(code="WO-TOY").update(revision=nova)


def test_what_was_ordered_before_the_gates_came_is_adopted(nova: Revision) -> None:
    """The migration's own statement, on an order from the time before its trigger."""
    adopt = import_module("karkhana.floor.migrations.0006_stages").ADOPT
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE floor_workorder DISABLE TRIGGER through_its_gates")
        cursor.execute(
            "INSERT INTO floor_workorder (code, revision_id, quantity, stage) VALUES ('OLD', %s, 5, 'PVT')",
            [nova.pk],
        )
        cursor.execute(adopt)
    log = StageGate.objects.filter(product=nova.product)
    assert sorted(log.values_list("stage", "action")) == [("DVT", "adopted"), ("EVT", "adopted")]
    assert (missing_gate(nova.product_id, "PVT"), missing_gate(nova.product_id, "MP")) == (None, "PVT")


def test_the_log_of_gates_is_written_once(nova: Revision) -> None:
    adopt_stage(product_code="NOVA", reason="Built elsewhere", now=ws.NOW)
    for statement in (
        "UPDATE design_stagegate SET action = 'revoked'",
        "DELETE FROM design_stagegate",
        "INSERT INTO design_stagegate (product_id, stage, action, reason, decided_at, evidence,"
        " evidence_hash, revision_id) SELECT product_id, 'EVT', 'passed', '', now(), '{}',"
        " repeat('0', 64), id FROM design_revision LIMIT 1",
    ):
        with pytest.raises(IntegrityError) as caught, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
        assert isinstance(caught.value.__cause__, psycopg.errors.IntegrityError)


def test_a_revoked_gate_shuts_the_line_and_a_second_time_is_refused() -> None:
    from karkhana.floor.operations import record_events

    adopt_stage(product_code="NOVA", reason="Built elsewhere", now=ws.NOW)
    order(stage="MP")
    ensure_setup(line="L-TOY", product="NOVA", revision="A")

    def start(serial: str) -> str:
        (line,) = ws.lines(f"08:00  FIN-8  start {serial} order WO-N1  accepted")
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        return outcome.refusal.code if outcome.refusal else outcome.status

    assert start("N1") == "accepted"
    revoke_gate(product_code="NOVA", stage="DVT", reason="The hinge breaks", now=ws.NOW)
    assert start("N2") == "work_order.stage"
    assert refused(code="WO-N2", stage="MP").refusal.fields["missing"] == "DVT"
    with pytest.raises(Refused) as caught:
        revoke_gate(product_code="NOVA", stage="DVT", reason="The hinge breaks", now=ws.NOW)
    assert caught.value.refusal.code == "stage.not_passed"
    adopt_stage(product_code="NOVA", reason="A new hinge", now=ws.NOW)
    assert start("N2") == "accepted"
