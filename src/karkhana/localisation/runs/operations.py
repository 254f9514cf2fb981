"""Asks for runs and computes them: in a thread of the process that was asked, with its own connection.

A run that shows no sign of life for ``SILENT`` has ended with its process; whoever asks next begins it anew.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from typing import Any

from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from karkhana.design.models import Product
from karkhana.floor.models import Plant
from karkhana.kernel.refusals import Refused, refuse
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.rules.methods import with_parameters
from karkhana.localisation.runs import engine
from karkhana.localisation.runs.models import (
    BROKEN,
    DONE,
    REFUSED,
    RUNNING,
    WAITING,
    LocalValueRun,
)
from karkhana.localisation.runs.rules import Asked
from karkhana.partners.models import Brand

log = logging.getLogger(__name__)
SILENT = dt.timedelta(seconds=30)
BEAT_SECONDS = 1.0
KEPT = dt.timedelta(days=400)
"""Answers older than this are dropped when the next one is begun; they can be computed again."""


def asked_for(
    *,
    product: str,
    brand: str,
    plant: str,
    first: dt.date,
    last: dt.date,
    method: str,
    chosen: dict[str, str],
) -> Asked:
    """Check a question, and fill in the parameters that it leaves alone.

    Raises:
        Refused: ``product.unknown``, ``brand.unknown``, ``plant.unknown``, ``method.*``.
    """
    _known(Product, "product", product)
    _known(Brand, "brand", brand)
    _known(Plant, "plant", plant)
    if method.endswith(".toml"):
        raise refuse(
            "method.unknown", "There is no method {name}.", "Choose one of the list.", name=method[:60]
        )
    found = method_for(method, last)
    return Asked(product, brand, plant, first, last, found.id, with_parameters(found, chosen))


def _known(model: Any, kind: str, code: str) -> None:
    if code and ("\x00" in code or not model.objects.filter(code=code).exists()):
        raise refuse(
            f"{kind}.unknown",
            "There is no {kind} {name}.",
            "Choose one of the list.",
            kind=kind,
            name=code[:40],
        )


def ask(asked: Asked, *, user: Any, now: dt.datetime, anew: bool = False) -> LocalValueRun:
    """Return the run of a question; begin it where it is not there, broke, or is asked anew.

    Args:
        user: who asks; None for the command line.
    """
    with transaction.atomic():
        run, made = LocalValueRun.objects.select_for_update().get_or_create(
            key=asked.key,
            defaults={
                "product": asked.product,
                "brand": asked.brand,
                "plant": asked.plant,
                "first": asked.first,
                "last": asked.last,
                "method": asked.method,
                "parameters": asked.chosen,
                "asked_at": now,
                "asked_by": user if getattr(user, "is_authenticated", False) else None,
                "told_at": now,
            },
        )
        begun = made or run.state == BROKEN or is_silent(run, now) or (anew and run.state in (DONE, REFUSED))
        if begun:
            run.state, run.done, run.total, run.told_at = WAITING, 0, 0, now
            run.asked_at = now
            run.save(update_fields=["state", "done", "total", "told_at", "asked_at"])
    if begun:
        LocalValueRun.objects.filter(computed_at__lt=now - KEPT).exclude(pk=run.pk).delete()
        transaction.on_commit(lambda: begin(run.pk))
    return run


def is_silent(run: LocalValueRun, now: dt.datetime) -> bool:
    """Say whether a run that should be under way shows no sign of life."""
    return run.state in (WAITING, RUNNING) and (run.told_at is None or now - run.told_at > SILENT)


def begin(pk: int) -> None:
    """Compute a run in a thread of its own."""
    threading.Thread(target=_work, args=(pk,), name=f"local-value-{pk}", daemon=True).start()


def _work(pk: int) -> None:
    progress, over = [0, 0], threading.Event()

    def tell(done: int, total: int) -> None:
        progress[:] = [done, total]

    beat = threading.Thread(target=_beat, args=(pk, progress, over), daemon=True)
    beat.start()
    try:
        compute(pk, tell)
    finally:
        over.set()
        beat.join()
        connection.close()


def _beat(pk: int, progress: list[int], over: threading.Event) -> None:
    """Write the progress and a sign of life, until the work is over."""
    try:
        while not over.wait(BEAT_SECONDS):
            close_old_connections()
            LocalValueRun.objects.filter(pk=pk, state=RUNNING).update(
                done=progress[0], total=progress[1], told_at=timezone.now()
            )
    finally:
        connection.close()


def compute(pk: int, tell: engine.Tell | None = None) -> None:
    """Compute a run and keep what comes of it: an answer, a refusal, or that it broke.

    One that somebody else has begun is left to him.
    """
    taken = LocalValueRun.objects.filter(pk=pk, state=WAITING).update(state=RUNNING, told_at=timezone.now())
    if not taken:
        return
    run = LocalValueRun.objects.get(pk=pk)
    asked = Asked(run.product, run.brand, run.plant, run.first, run.last, run.method, run.parameters)
    end: dict[str, Any]
    try:
        seq = last_place()
        result = engine.figures(asked, tell or (lambda done, total: None))
        end = {"state": DONE, "result": result, "refusal": None, "seq": seq}
    except Refused as refused:
        end = {"state": REFUSED, "result": None, "refusal": refused.refusal.as_dict()}
    except Exception:
        # The page says that it broke and offers to begin again; the fault itself belongs in the log.
        log.exception("local value run %s broke", pk)
        end = {"state": BROKEN}
    LocalValueRun.objects.filter(pk=pk).update(**end, computed_at=timezone.now(), told_at=timezone.now())


def last_place() -> int:
    """Return the last place in the record."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(seq), 0) FROM ledger_event")
        return int(cursor.fetchone()[0])
