"""Withdrawing firmware: the image and every unit that carries it, in one transaction."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import msgspec
from django.db import connection, transaction

from karkhana.design.firmware.operations import withdraw_image
from karkhana.design.models import FirmwareImage
from karkhana.floor.models import Station
from karkhana.floor.operations import record_events
from karkhana.kernel.refusals import Refused, refuse
from karkhana.ledger import events as ev
from karkhana.ledger import store


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A version that is withdrawn; ``hold`` is None where no station is known, so that nothing is built."""

    image: FirmwareImage
    hold: str | None


@transaction.atomic
def withdraw_firmware(
    *,
    product: str,
    target: str,
    version: str,
    reason: str,
    user: Any,
    now: dt.datetime,
    station: str | None = None,
) -> Withdrawal:
    """Withdraw an approved image and hold every unit that carries it, packed ones too, at once.

    Batches of events that are under way end before, and new ones wait until this has ended: a unit that is
    just being personalised is held if it came first, and refused if it came later.

    Args:
        station: that the hold is said from; None takes the first of the plant.

    Raises:
        Refused: ``firmware.image_unknown``, ``firmware.state``, ``firmware.reason``, ``station.unknown``.
    """
    # First of all: who waits for the others while holding rows that they want would wait for ever.
    store.begin(store.raw_cursor(connection), alone=True)
    image = withdraw_image(product=product, target=target, version=version, reason=reason, user=user, now=now)
    place = _station(station)
    if place is None:
        return Withdrawal(image, None)
    event = ev.HoldPlaced(
        id=uuid.uuid4(),
        at=now,
        station=place,
        actor=_actor(user),
        hold=hold_of(image),
        scope="firmware",
        target=str(image),
        reason=image.withdrawn_reason,
    )
    (outcome,) = record_events([msgspec.json.encode(event)], recorded_at=now)
    if outcome.refusal is not None:
        raise Refused(outcome.refusal)
    return Withdrawal(image, event.hold)


def hold_of(image: FirmwareImage) -> str:
    """Return the number of the hold that a withdrawal places."""
    return f"FW-{image.pk}-{image.sha256[:8]}"


def _actor(user: Any) -> str | None:
    """Return a log-in as an event may name it."""
    name = str(user.get_username()) if user else ""
    return name if 0 < len(name) <= 80 and name.isprintable() and name == name.strip() else None


def _station(code: str | None) -> str | None:
    stations = Station.objects.order_by("line__plant__code", "line__code", "sequence", "code")
    if code is None:
        return stations.values_list("code", flat=True).first()
    if not code.isprintable() or not stations.filter(code=code).exists():
        raise refuse(
            "station.unknown",
            "There is no station {station}.",
            "Check the station code, or leave it out.",
            station=code[:80],
        )
    return code
