"""Goods in: lots are received, held until they are judged, let go or kept, all through the gate."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.floor.receiving.asked import Delivery, check_delivery, read_pasted
from karkhana.floor.receiving.judging import Findings, current_plan, dispose, judge, present_again
from karkhana.floor.receiving.operations import Received, receive_lots
from karkhana.floor.stores.operations import move_stock
from karkhana.kernel.refusals import Refused
from karkhana.supply.incoming.operations import (
    RuleAsked,
    note_severity,
    set_receiving_rule,
    write_life,
    write_ticks,
)
from karkhana.supply.incoming.queries import history_of, life_views, severities, severity_of
from karkhana.supply.models import (
    ApprovedSource,
    Disposition,
    Inspection,
    InspectionResult,
    LotLife,
    Part,
    Supplier,
)
from karkhana.supply.operations import ensure_supplier
from karkhana.supply.stock.operations import Wanted, default_store, read_books

pytestmark = pytest.mark.usefixtures("rolled_back")
AT = ws.DAY + dt.timedelta(hours=7)


def delivery(lot: str = "CAP-1", **other: Any) -> Delivery:
    said = {"part": "CAP", "quantity": Decimal(1000), "supplier": "SUP", "origin": "IN"}
    return Delivery(lot, **(said | other))


def receive(*lots: Delivery, station: str = "DOCK-1", at: dt.datetime = AT) -> list[Received]:
    return receive_lots(lots=lots, station=station, at=at, now=ws.NOW)


def plan(part: str = "CAP", **said: Any) -> None:
    asked = RuleAsked(**({"level": "II", "aql": "1.0"} | said))
    set_receiving_rule(part=part, asked=asked, now=ws.DAY)


def tell(what: str, at: str = "08:00", station: str = "SMT-1") -> str:
    (outcome,) = record_events([json.dumps(ws.event(at, station, what)).encode()], recorded_at=ws.NOW)
    return outcome.refusal.code if outcome.refusal else outcome.status


def code_of(call: Any) -> str:
    with pytest.raises(Refused) as raised:
        call()
    return raised.value.refusal.code


def rows(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def inspected(number: int, bad: int = 0, *, after: int = 0) -> InspectionResult:
    defects = (("BENT", bad),) if bad else ()
    return judge(number=number, findings=Findings(bad, defects), now=ws.NOW + dt.timedelta(seconds=after))


def stock_of(lot: str) -> Decimal:
    return sum(read_books([lot]).of(lot).values(), Decimal(0))


class TestReceipt:
    def test_a_lot_without_a_plan_can_be_used_at_once(self) -> None:
        (answer,) = receive(delivery(supplier_lot="S-77"))
        assert (answer.status, answer.inspection, answer.warnings) == ("received", None, ())
        assert rows(
            "SELECT lot, part, quantity, supplier, origin, supplier_lot, station FROM ledger_lot"
        ) == [("CAP-1", "CAP", Decimal(1000), "SUP", "IN", "S-77", "DOCK-1")]
        assert tell("load CAP-1 CAP on F1") == "accepted"
        assert not LotLife.objects.exists()

    def test_a_lot_with_a_plan_is_in_quarantine_from_the_first_moment(self) -> None:
        plan()
        (answer,) = receive(delivery())
        assert (answer.status, answer.hold) == ("quarantined", f"IQC-{answer.inspection}")
        asked = Inspection.objects.get()
        assert (asked.pk, asked.lot_size, asked.level, asked.aql, asked.supplier) == (
            answer.inspection, 1000, "II", Decimal("1.0"), "SUP",
        )  # fmt: skip
        assert tell("load CAP-1 CAP on F1") == "lot.held"
        types = [row[0] for row in rows("SELECT type FROM ledger_event ORDER BY seq LIMIT 2")]
        assert types == ["ReceivingEvent", "HoldPlaced"]

    def test_each_lot_is_answered_by_itself(self) -> None:
        plan("RES")
        answers = receive(
            delivery("A"),
            delivery("B", quantity=Decimal(0)),
            delivery("C", supplier="NOBODY"),
            delivery("A"),
            delivery("D", part="RES"),
            delivery("E", origin=""),
        )
        codes = [answer.refusal.code if answer.refusal else answer.status for answer in answers]
        assert codes == [
            "received", "receipt.quantity", "supplier.unknown", "lot.exists", "quarantined", "receipt.origin",
        ]  # fmt: skip
        assert [row[0] for row in rows("SELECT lot FROM ledger_lot ORDER BY lot")] == ["A", "D"]

    def test_a_lot_received_twice_is_refused_and_nothing_is_doubled(self) -> None:
        plan()
        receive(delivery(msl="3"))
        (again,) = receive(delivery(msl="5"))
        assert again.refusal is not None
        assert again.refusal.code == "lot.exists"
        assert (Inspection.objects.count(), LotLife.objects.count()) == (1, 1)

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"quantity": Decimal(-5)}, "receipt.quantity"),
            ({"quantity": Decimal("NaN")}, "receipt.quantity"),
            ({"quantity": Decimal("Infinity")}, "receipt.quantity"),
            ({"quantity": Decimal("1e30")}, "receipt.quantity"),
            ({"quantity": Decimal("1e-9")}, "receipt.quantity"),
            ({"origin": "India"}, "receipt.origin"),
            ({"origin": "in"}, "receipt.origin"),
            ({"origin": "XX"}, "receipt.origin"),
            ({"manufactured_on": dt.date(2099, 1, 1)}, "date.future"),
            ({"part": "CA\x00P"}, "text.value"),
            ({"part": ""}, "text.value"),
            ({"supplier": "S\x00"}, "text.value"),
            ({"supplier": "X" * 41}, "text.value"),
            ({"lot": "L" * 81}, "text.value"),
            ({"lot": " L"}, "text.value"),
            ({"lot": "L\t1"}, "text.value"),
            ({"supplier_lot": "a\x00"}, "text.value"),
            ({"msl": "9"}, "lot.msl"),
            ({"label_hours": 0}, "lot.label_hours"),
            ({"msl": "6"}, "lot.label_missing"),
            ({"label_hours": 10**6}, "lot.label_hours"),
            ({"manufactured_on": dt.date(2026, 5, 1), "expires_on": dt.date(2026, 4, 1)}, "lot.dates"),
        ],
    )
    def test_what_cannot_be_received(self, wrong: dict[str, Any], code: str) -> None:
        good, bad = receive(delivery("GOOD"), delivery(**({"lot": "BAD"} | wrong)))
        assert good.status == "received"
        assert bad.refusal is not None
        assert bad.refusal.code == code
        assert [row[0] for row in rows("SELECT lot FROM ledger_lot")] == ["GOOD"]

    def test_no_station_no_lots_too_many_lots(self) -> None:
        assert code_of(lambda: receive(delivery(), station="NOWHERE")) == "station.unknown"
        assert code_of(lambda: receive(delivery(), station="\x00")) == "station.unknown"
        assert code_of(lambda: receive()) == "receipt.count"
        assert code_of(lambda: receive(*[delivery(f"L{n}") for n in range(501)])) == "receipt.count"

    def test_the_gate_refuses_a_receipt_of_tomorrow_and_nothing_of_it_is_kept(self) -> None:
        plan()
        (answer,) = receive(delivery(msl="3"), at=ws.NOW + dt.timedelta(days=1))
        assert answer.refusal is not None
        assert answer.refusal.code == "event.time"
        assert not Inspection.objects.exists()
        assert not LotLife.objects.exists()

    def test_life_comes_from_the_label_else_from_the_part(self) -> None:
        set_receiving_rule(part="CAP", asked=RuleAsked(shelf_life_days=30, msl="3"), now=ws.DAY)
        made = dt.date(2026, 6, 1)
        receive(
            delivery("A", manufactured_on=made),
            delivery("B", manufactured_on=made, expires_on=dt.date(2026, 6, 10), msl="MSL 2a"),
            delivery("C"),
        )
        found = {life.lot: (life.expires_on, life.msl) for life in LotLife.objects.all()}
        assert found == {
            "A": (dt.date(2026, 7, 1), "3"), "B": (dt.date(2026, 6, 10), "2a"), "C": (None, "3")
        }  # fmt: skip

    def test_an_expired_lot_comes_in_with_a_warning_and_is_not_used(self) -> None:
        (answer,) = receive(delivery(expires_on=dt.date(2026, 6, 14)))
        assert [warning.code for warning in answer.warnings] == ["lot.expired"]
        assert tell("load CAP-1 CAP on F1") == "lot.expired"


class TestSources:
    def approve(self, supplier: str = "SUP", *, ended_on: dt.date | None = None) -> None:
        part, _ = Part.objects.get_or_create(number="CAP")
        ApprovedSource.objects.create(
            part=part, supplier=Supplier.objects.get(code=supplier), approved_on=dt.date(2026, 1, 1),
            ended_on=ended_on,
        )  # fmt: skip

    def rule(self, policy: str) -> None:
        set_receiving_rule(part="CAP", asked=RuleAsked(source_policy=policy), now=ws.DAY)

    def test_warned_of(self) -> None:
        self.rule("warn")
        (answer,) = receive(delivery())
        assert (answer.status, [warning.code for warning in answer.warnings]) == (
            "received",
            ["receipt.source"],
        )

    def test_refused(self) -> None:
        self.rule("refuse")
        (answer,) = receive(delivery())
        assert answer.refusal is not None
        assert answer.refusal.code == "receipt.source"
        self.approve()
        assert receive(delivery())[0].status == "received"

    def test_not_asked(self) -> None:
        self.rule("ignore")
        assert receive(delivery())[0].warnings == ()

    def test_approval_that_ended_does_not_count(self) -> None:
        self.rule("refuse")
        self.approve(ended_on=dt.date(2026, 6, 14))
        assert receive(delivery())[0].status == "refused"

    def test_a_brand_is_a_source_of_what_it_hands_in(self) -> None:
        from karkhana.partners.models import Brand

        self.rule("refuse")
        ensure_supplier(code="ACME-FREE", name="ACME", country="US")
        Supplier.objects.filter(code="ACME-FREE").update(role="brand", brand=Brand.objects.get(code="ACME"))
        assert receive(delivery(supplier="ACME-FREE"))[0].status == "received"


class TestJudging:
    def lots(self, count: int, part: str = "CAP") -> list[int]:
        answers = receive(*[delivery(f"{part}-{n:03d}", part=part) for n in range(count)])
        return [answer.inspection or 0 for answer in answers]

    def test_an_accepted_lot_is_released(self) -> None:
        plan()
        (number,) = self.lots(1)
        result = inspected(number, 2)
        assert (result.severity, result.verdict) == ("normal", "accepted")
        assert (result.letter, result.sample, result.accept, result.reject) == ("J", 80, 2, 3)
        assert result.tighter is False
        assert tell("load CAP-000 CAP on F1", "20:00") == "accepted"

    def test_a_refused_lot_stays_held(self) -> None:
        plan()
        (number,) = self.lots(1)
        assert inspected(number, 3).verdict == "refused"
        assert tell("load CAP-000 CAP on F1", "20:00") == "lot.held"

    def test_a_lot_is_judged_once(self) -> None:
        plan()
        (number,) = self.lots(1)
        inspected(number)
        assert code_of(lambda: inspected(number)) == "inspection.done"
        assert code_of(lambda: inspected(10**30)) == "inspection.unknown"
        assert code_of(lambda: inspected(-1)) == "inspection.unknown"

    @pytest.mark.parametrize(
        ("findings", "code"),
        [
            (Findings(-1), "inspection.count"),
            (Findings(81, (("A", 81),)), "inspection.count"),
            (Findings(2), "inspection.defects"),
            (Findings(2, (("A", 1),)), "inspection.defects"),
            (Findings(0, (("A", 1),)), "inspection.defects"),
            (Findings(2, (("A", 1), ("A", 1))), "inspection.defects"),
            (Findings(1, (("A", 0), ("B", 1))), "inspection.defects"),
            (Findings(1, (("A\x00", 1),)), "text.value"),
            (Findings(1, (("A", 1),), inspector="\x00"), "text.value"),
            (Findings(0, report_sha256="XY"), "inspection.report"),
            (Findings(0, severity="tightened"), "inspection.plan_changed"),
        ],
    )
    def test_findings_that_cannot_be(self, findings: Findings, code: str) -> None:
        plan()
        (number,) = self.lots(1)
        assert code_of(lambda: judge(number=number, findings=findings, now=ws.NOW)) == code
        assert not InspectionResult.objects.exists()

    def test_severity_follows_what_was_found(self) -> None:
        plan(may_reduce=True)
        numbers = self.lots(40)
        bad = [3, 3]
        for number in numbers[:2]:
            inspected(number, bad.pop())
        assert severity_of("SUP", "CAP").state == "tightened"
        assert current_plan(Inspection.objects.get(pk=numbers[2]), "tightened").accept == 1
        assert inspected(numbers[2], 2, after=1).verdict == "refused", "two bad ones are too many now"
        for number in numbers[3:8]:
            assert inspected(number, 1, after=2).verdict == "accepted"
        assert severity_of("SUP", "CAP").state == "normal"
        for number in numbers[8:18]:
            inspected(number, 0, after=3)
        now = severity_of("SUP", "CAP")
        assert now.state == "reduced"
        assert inspected(numbers[18], 0, after=4).sample == 32
        note_severity(
            supplier="SUP", part="CAP", what="irregular", reason="strike", now=ws.NOW.replace(hour=23)
        )
        assert severity_of("SUP", "CAP").state == "normal"
        history = history_of("SUP", "CAP")
        assert len(history) == 20
        assert [switch.after.state for switch in history][:3] == ["normal", "tightened", "tightened"]
        assert history[-1].verdict == "irregular"
        assert history[-1].after == severity_of("SUP", "CAP")
        stored = [row.severity for row in InspectionResult.objects.order_by("at", "pk")]
        assert stored == [switch.before.severity for switch in history if switch.lot], (
            "the history says the same"
        )

    def test_severity_belongs_to_supplier_and_part(self) -> None:
        ensure_supplier(code="OTHER", name="Other", country="CN")
        plan()
        plan("RES")
        for number in self.lots(2) + self.lots(1, "RES"):
            inspected(number, 3 if number else 0)
        found = severities([("SUP", "CAP"), ("SUP", "RES"), ("OTHER", "CAP")])
        assert {source: now.state for source, now in found.items()} == {
            ("SUP", "CAP"): "tightened", ("SUP", "RES"): "normal", ("OTHER", "CAP"): "normal",
        }  # fmt: skip

    def test_five_refusals_on_tightened_stop_acceptance(self) -> None:
        plan()
        numbers = self.lots(9)
        for number in numbers[:7]:
            inspected(number, 5)
        assert code_of(lambda: inspected(numbers[7])) == "inspection.stopped"
        note_severity(supplier="SUP", part="CAP", what="resumed", reason="new tool", now=ws.NOW)
        assert inspected(numbers[7], after=1).severity == "tightened"
        again = lambda: note_severity(supplier="SUP", part="CAP", what="resumed", reason="x", now=ws.NOW)  # noqa: E731
        assert code_of(again) == "severity.not_stopped"

    def test_a_lot_smaller_than_its_sample_is_inspected_whole(self) -> None:
        plan(aql="0.65")
        (answer,) = receive(delivery(quantity=Decimal("4.5")))
        result = inspected(answer.inspection or 0)
        assert (result.sample, result.whole, Inspection.objects.get().lot_size) == (5, True, 5)

    def test_what_was_written_stays(self) -> None:
        plan()
        (number,) = self.lots(1)
        inspected(number)
        for change in (
            lambda: InspectionResult.objects.update(verdict="refused"),
            lambda: Inspection.objects.filter(pk=number).update(lot_size=5),
            lambda: InspectionResult.objects.all().delete(),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                change()


class TestRefusedLots:
    @pytest.fixture
    def refused(self) -> int:
        plan()
        (answer,) = receive(delivery())
        number = answer.inspection or 0
        inspected(number, 9)
        return number

    def deviation(self) -> str:
        from karkhana.design.changes.asked import DeviationAsked
        from karkhana.design.changes.deviating import accept_deviation
        from karkhana.floor.changes.operations import request_deviation

        row = request_deviation(
            product="MAIN", revision="A", user=None, now=ws.DAY,
            asked=DeviationAsked("deviation", "Scratched", "looks only", requirement="finish", max_units=100),
        )  # fmt: skip
        return accept_deviation(number=row.number, user=None, now=ws.DAY, today=ws.DAY.date()).number

    def test_returned_stays_held(self, refused: int) -> None:
        dispose(number=refused, what="returned", note="RMA 5", now=ws.NOW)
        assert stock_of("CAP-1") == 0
        assert tell("load CAP-1 CAP on F1", "20:00") == "lot.held"
        assert code_of(lambda: dispose(number=refused, what="returned", now=ws.NOW)) == "disposition.done"

    def test_sorted_is_used(self, refused: int) -> None:
        wrong = [(None, None), ("990", None), ("-1", "1001"), ("0", "1000"), ("NaN", "1"), ("990", "9")]
        for pair in wrong:
            good, bad = (None if count is None else Decimal(count) for count in pair)
            call = lambda: dispose(number=refused, what="sorted", good=good, bad=bad, now=ws.NOW)  # noqa: B023, E731
            assert code_of(call) == "disposition.counts"
        dispose(number=refused, what="sorted", good=Decimal(991), bad=Decimal(9), now=ws.NOW)
        assert stock_of("CAP-1") == 991
        assert tell("load CAP-1 CAP on F1", "20:00") == "accepted"

    def test_what_is_not_in_the_stores_cannot_be_scrapped(self, refused: int) -> None:
        move = Wanted(
            uuid.uuid4(), "scrap", "CAP-1", Decimal(995), source=default_store("NOIDA").code, reason="wet"
        )
        move_stock([move], now=ws.NOW)
        call = lambda: dispose(number=refused, what="sorted", good=Decimal(991), bad=Decimal(9), now=ws.NOW)  # noqa: E731
        assert code_of(call) == "disposition.stock"
        assert not Disposition.objects.exists()

    def test_a_concession_names_an_approved_deviation(self, refused: int) -> None:
        for number in ("", "DEV-9", "\x00"):
            call = lambda: dispose(number=refused, what="concession", deviation=number, now=ws.NOW)  # noqa: B023, E731
            assert code_of(call) in ("disposition.deviation", "text.value")
        assert not Disposition.objects.exists()
        dispose(number=refused, what="concession", deviation=self.deviation(), now=ws.NOW)
        assert tell("load CAP-1 CAP on F1", "20:00") == "accepted"

    def test_only_refused_lots_are_disposed_of(self) -> None:
        plan()
        (answer,) = receive(delivery())
        call = lambda: dispose(number=answer.inspection or 0, what="returned", now=ws.NOW)  # noqa: E731
        assert code_of(call) == "disposition.not_refused"
        inspected(answer.inspection or 0)
        assert code_of(call) == "disposition.not_refused"
        wrong = lambda: dispose(number=answer.inspection or 0, what="eaten", now=ws.NOW)  # noqa: E731
        assert code_of(wrong) == "disposition.what"

    def test_a_lot_presented_again_does_not_count_for_severity(self, refused: int) -> None:
        again = present_again(lot="CAP-1", now=ws.NOW)
        assert (again.original, again.hold) == (False, f"IQC-{again.pk}")
        assert code_of(lambda: present_again(lot="CAP-1", now=ws.NOW)) == "inspection.waiting"
        before = severity_of("SUP", "CAP")
        inspected(again.pk)
        assert severity_of("SUP", "CAP") == before
        assert tell("load CAP-1 CAP on F1", "20:00") == "accepted", "both holds are over"

    def test_a_part_without_a_plan_is_not_presented(self) -> None:
        receive(delivery())
        assert code_of(lambda: present_again(lot="CAP-1", now=ws.NOW)) == "inspection.no_plan"
        assert code_of(lambda: present_again(lot="NONE", now=ws.NOW)) == "lot.unknown"

    def test_another_hold_outlives_acceptance(self) -> None:
        plan()
        (answer,) = receive(delivery())
        assert tell("hold lot CAP-1 as H-QUALITY", "09:00") == "accepted"
        inspected(answer.inspection or 0)
        assert tell("load CAP-1 CAP on F1", "20:00") == "lot.held"


class TestLife:
    def test_a_bag_is_opened_and_the_clock_is_seen(self) -> None:
        receive(delivery(msl="5a"))
        write_ticks(lots=["CAP-1"], what="opened", at=AT, now=ws.NOW)
        view = life_views(["CAP-1", "NONE"], AT + dt.timedelta(hours=3), AT.date())["CAP-1"]
        assert (view.spent, view.left, view.limit, view.stop) == (3 * 3600, 21 * 3600, 24 * 3600, "")
        assert view.clock is not None
        assert view.clock.running

    def test_what_cannot_happen_to_a_bag(self) -> None:
        receive(delivery())

        def write(**other: Any) -> Any:
            said = {"lots": ["CAP-1"], "what": "opened", "at": AT, "now": ws.NOW} | other
            return lambda: write_ticks(**said)

        assert code_of(write(what="lost")) == "lot.tick"
        assert code_of(write(lots=["CAP-1", "NONE"])) == "lot.unknown"
        assert code_of(write(lots=["\x00"])) == "lot.unknown"
        assert code_of(write(lots=[])) == "lot.tick_count"
        assert code_of(write(at=ws.NOW + dt.timedelta(hours=1))) == "lot.tick_time"
        assert code_of(write(note="\x00")) == "text.value"

    def test_shelf_life_is_extended_with_a_reason(self) -> None:
        receive(delivery(expires_on=dt.date(2026, 6, 14)))
        assert tell("load CAP-1 CAP on F1") == "lot.expired"
        said = {"lot": "CAP-1", "manufactured_on": None, "expires_on": dt.date(2026, 12, 31), "msl": "",
                "label_hours": None, "now": ws.NOW}  # fmt: skip
        assert code_of(lambda: write_life(**said, reason="")) == "text.value"
        write_life(**said, reason="Solderability tested, report 12")
        assert tell("load CAP-1 CAP on F1", "08:01") == "accepted"


class TestRules:
    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"level": "IV", "aql": "1.0"}, "sampling.level"),
            ({"level": "II", "aql": ""}, "sampling.aql"),
            ({"level": "II", "aql": "15"}, "sampling.aql"),
            ({"source_policy": "laugh"}, "receiving.source_policy"),
            ({"shelf_life_days": 0}, "receiving.shelf_life"),
            ({"shelf_life_days": 10**9}, "receiving.shelf_life"),
            ({"msl": "8"}, "lot.msl"),
        ],
    )
    def test_rules_that_cannot_be(self, said: dict[str, Any], code: str) -> None:
        assert code_of(lambda: set_receiving_rule(part="CAP", asked=RuleAsked(**said), now=ws.DAY)) == code

    def test_a_plan_is_taken_from_a_part_again(self) -> None:
        plan()
        set_receiving_rule(part="CAP", asked=RuleAsked(), now=ws.DAY)
        assert receive(delivery())[0].status == "received"


class TestPasted:
    def test_a_list_with_a_heading(self) -> None:
        text = (
            "Lot\tPart\tQty\tSupplier\tOrigin\nL1\tCAP\t5000\tSUP\tcn\n\n"
            "L2\tRES\t10.5\tSUP\tIN\tS9\t2026-01-02\t\t3\t\n"
        )
        found = read_pasted(text)
        assert [line.number for line in found] == [2, 4]
        assert found[0].delivery == Delivery("L1", "CAP", Decimal(5000), "SUP", "CN")
        assert found[1].delivery == Delivery(
            "L2", "RES", Decimal("10.5"), "SUP", "IN", "S9", dt.date(2026, 1, 2), None, "3"
        )

    def test_a_bad_line_is_named_and_the_others_are_read(self) -> None:
        found = read_pasted("L1;CAP;5,000;SUP;CN\nL2;CAP;5000;SUP;CN\nL3;CAP\nL4;CAP;1;SUP;CN;;1.2.2026")
        codes = [line.refused.refusal.code if line.refused else "" for line in found]
        assert codes == ["receipt.quantity", "", "receipt.columns", "receipt.date"]
        assert found[2].refused is not None
        assert found[2].refused.refusal.fields["line"] == 3

    @pytest.mark.parametrize("text", ["", "\n \n", "lot\tpart", "x;" * 150_000, "L;P;1;S;IN\n" * 501])
    def test_nothing_or_too_much(self, text: str) -> None:
        assert code_of(lambda: read_pasted(text)) == "receipt.pasted"

    def test_every_text_is_read_or_refused(self) -> None:
        for text in (
            "\x00;\x00;\x00;\x00;\x00",
            "L;P;NaN;S;IN",
            "L;P;1e5;S;IN",
            "L;P;٣;S;IN",
            "L;P;1;S;IN;;9999-99-99",
        ):
            (line,) = read_pasted(text)
            assert line.refused is not None

    def test_checked_again_when_it_comes_by_another_way(self) -> None:
        with pytest.raises(Refused):
            check_delivery(delivery(quantity=Decimal("sNaN")))


def test_rebuild_gives_the_same_lots_and_holds() -> None:
    plan()
    numbers = [answer.inspection or 0 for answer in receive(delivery("A"), delivery("B"))]
    inspected(numbers[0])
    inspected(numbers[1], 9)
    state = digest_projections()
    rebuild()
    assert digest_projections() == state
