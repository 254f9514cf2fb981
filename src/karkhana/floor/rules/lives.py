"""The life of lots at the gate: nothing is loaded or built in past its shelf life or floor life."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from karkhana.floor.rules.refusals import no
from karkhana.floor.rules.world import World
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.supply.incoming.life.rules import HOUR, Stop, check_life


def check_lot_life(world: World, lot: str, at: dt.datetime, station: str) -> Refusal | None:
    """Refuse a lot that may not be used any more at a moment, at a station's plant."""
    lives = world.lives.get(lot)
    if not lives:
        return None
    today = at.astimezone(world.reference.stations[station].time_zone).date()
    stop = check_life(lives, at, today)
    return _say(lot, world.lots[lot].part, stop) if stop else None


def _say(lot: str, part: str, stop: Stop) -> Refusal:
    if stop.expires_on is not None:
        return no("lot.expired", lot=lot, part=part, expires_on=stop.expires_on.isoformat())
    if stop.why == "bake_first":
        return no("lot.bake_first", lot=lot, part=part, msl=stop.msl)
    return no(
        "lot.floor_life", lot=lot, part=part, msl=stop.msl, spent=_hours(stop.spent), limit=_hours(stop.limit)
    )


def _hours(seconds: int) -> str:
    """Write a length of time as hours and minutes, begun minutes counted."""
    minutes = -(-seconds // 60)
    hours, rest = divmod(minutes, HOUR // 60)
    return f"{hours} h {rest:02d} min" if rest else f"{hours} h"


def note_load(world: World, event: ev.MaterialsLoaded) -> None:
    """Let a lot's clock run for the rest of the batch: a load takes it out of its bag."""
    lives = world.lives.get(event.lot)
    if lives:
        world.lives[event.lot] = tuple(replace(life, loaded=(*life.loaded, event.at)) for life in lives)
