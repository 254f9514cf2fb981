"""Several people at once, each with a connection of their own: no number twice, no run twice."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from karkhana.localisation.certificate.operations import issue
from karkhana.localisation.certificate.rules import read_form
from karkhana.localisation.models import IssuedCertificate, LocalValueRun
from karkhana.localisation.runs import engine, operations
from karkhana.localisation.runs.models import DONE
from localisation.certificates import SAID
from localisation.phones import FIRST, LAST, book, build, certify_glue

PEOPLE = 8


def question() -> Any:
    return operations.asked_for(
        product="PHONE", brand="", plant="", first=FIRST, last=LAST, method="PPP_MII", chosen={}
    )


def all_at_once(act: Callable[[], Any]) -> list[Any]:
    """Let everybody do the same in the same moment."""
    start = threading.Barrier(PEOPLE)

    def one(_: int) -> Any:
        try:
            start.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(one, range(PEOPLE)))


@pytest.mark.usefixtures("workshop_database")
def test_numbers_stay_in_order_and_one_run_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    build()
    book()
    certify_glue()
    now = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
    tenders = count(1)

    def tender() -> str:
        form = read_form(SAID | {"tender": f"T-{next(tenders)}"})
        return issue(question(), form, user=None, now=now).number

    assert sorted(all_at_once(tender)) == [f"LC/2026-27/{place:04d}" for place in range(1, PEOPLE + 1)]
    # The same form from all of them is one certificate more, not eight.
    again = all_at_once(lambda: issue(question(), read_form(SAID), user=None, now=now).number)
    assert set(again) == {f"LC/2026-27/{PEOPLE + 1:04d}"}
    assert IssuedCertificate.objects.count() == PEOPLE + 1

    computed: list[int] = []
    real = engine.figures

    def counted(asked: Any, tell: Any) -> Any:
        computed.append(1)
        return real(asked, tell)

    monkeypatch.setattr(engine, "figures", counted)
    runs = all_at_once(lambda: operations.ask(question(), user=None, now=timezone.now()).pk)
    assert len(set(runs)) == 1
    until = time.monotonic() + 60
    while LocalValueRun.objects.get().state != DONE and time.monotonic() < until:
        time.sleep(0.05)
    run = LocalValueRun.objects.get()
    assert (run.state, len(computed)) == (DONE, 1)
    for thread in threading.enumerate():
        if thread.name.startswith("local-value-"):
            thread.join(timeout=30)
