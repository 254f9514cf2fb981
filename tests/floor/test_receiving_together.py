"""Several people at once: a lot comes in once, is judged once, and severity stays in order."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from decimal import Decimal

from django.db import connection, connections
from django.utils import timezone

from karkhana.floor.receiving.asked import Delivery
from karkhana.floor.receiving.judging import Findings, dispose, judge
from karkhana.floor.receiving.operations import receive_lots
from karkhana.kernel.refusals import Refused
from karkhana.supply.incoming.operations import RuleAsked, set_receiving_rule
from karkhana.supply.incoming.queries import history_of
from karkhana.supply.models import Inspection, InspectionResult, LotLife

AT_ONCE = 6


def together(*calls: Callable[[], str]) -> list[str]:
    """Run calls at the same time, each on a connection of its own; return what they say."""
    start, said = threading.Barrier(len(calls)), []

    def run(call: Callable[[], str]) -> None:
        start.wait()
        try:
            said.append(call())
        except Refused as refused:
            said.append(refused.refusal.code)
        except Exception as fault:
            said.append(repr(fault))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def receive(*lots: str) -> str:
    now = timezone.now()
    deliveries = [Delivery(lot, "CAP", Decimal(1000), "SUP", "IN", msl="3") for lot in lots]
    answers = receive_lots(lots=deliveries, station="DOCK-1", at=now, now=now)
    return " ".join(answer.refusal.code if answer.refusal else answer.status for answer in answers)


def judged(number: int, bad: int) -> str:
    defects = (("BENT", bad),) if bad else ()
    return judge(number=number, findings=Findings(bad, defects), now=timezone.now()).verdict


def plan() -> None:
    set_receiving_rule(part="CAP", asked=RuleAsked(level="II", aql="1.0"), now=timezone.now())


def test_a_lot_comes_in_once(fresh_database: str) -> None:
    plan()
    said = together(*[lambda n=n: receive("SAME", f"OWN-{n}") for n in range(AT_ONCE)])
    assert Counter(said) == {"quarantined quarantined": 1, "lot.exists quarantined": AT_ONCE - 1}
    assert Inspection.objects.filter(lot="SAME").count() == 1
    assert LotLife.objects.filter(lot="SAME").count() == 1
    assert Inspection.objects.count() == AT_ONCE + 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT hold FROM ledger_hold WHERE target = 'SAME'")
        held = [row[0] for row in cursor.fetchall()]
    assert held == [Inspection.objects.get(lot="SAME").hold], "nobody held a lot that another one received"


def test_a_lot_is_judged_once_and_disposed_of_once(fresh_database: str) -> None:
    plan()
    receive("L1")
    number = Inspection.objects.get().pk
    said = together(*[lambda: judged(number, 5) for _ in range(AT_ONCE)])
    assert Counter(said) == {"refused": 1, "inspection.done": AT_ONCE - 1}

    def send_back() -> str:
        return dispose(number=number, what="returned", now=timezone.now()).what

    assert Counter(together(*[send_back] * AT_ONCE)) == {"returned": 1, "disposition.done": AT_ONCE - 1}


def test_severity_is_that_of_the_moment_for_everybody(fresh_database: str) -> None:
    """Whoever comes later is judged by what came before: the stored plans are those of the history."""
    plan()
    receive(*[f"L{n}" for n in range(AT_ONCE)])
    numbers = list(Inspection.objects.order_by("pk").values_list("pk", flat=True))
    said = together(*[lambda n=n: judged(n, 3) for n in numbers])
    assert set(said) == {"refused"}
    results = InspectionResult.objects.select_related("inspection")
    stored = {row.inspection.lot: row.severity for row in results}
    history = history_of("SUP", "CAP")
    assert Counter(stored.values()) == {"normal": 2, "tightened": AT_ONCE - 2}
    assert {one.lot: one.before.severity for one in history} == stored
