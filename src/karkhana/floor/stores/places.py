"""Storage places as they are: those that somebody made, and those that every plant has without being told.

Each plant has a default store, a quarantine and a scrap place, and each line that is set up for something has
a place of its own. They come to be with the first movement that names them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from karkhana.floor.models import LineSetup, Plant
from karkhana.supply.models import StorePlace
from karkhana.supply.stock import rules
from karkhana.supply.stock.operations import default_code, default_store, ensure_place


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place; ``made`` is False for one that nothing was ever moved to or from."""

    code: str
    name: str
    plant: str
    kind: str
    is_default: bool
    made: bool = True


def places() -> tuple[PlaceView, ...]:
    """Return every place by plant and kind."""
    made = [
        PlaceView(place.code, place.name, place.plant, place.kind, place.is_default)
        for place in StorePlace.objects.all()
    ]
    order = {kind: number for number, kind in enumerate(rules.PLACE_KINDS)}
    return tuple(
        sorted([*made, *_unmade(made)], key=lambda p: (p.plant, order[p.kind], not p.is_default, p.code))
    )


def _unmade(made: Iterable[PlaceView]) -> list[PlaceView]:
    made = list(made)
    codes = {place.code for place in made}
    stores = {place.plant for place in made if place.is_default}
    kinds = {(place.plant, place.kind) for place in made}
    found = []
    for plant in Plant.objects.values_list("code", flat=True):
        if plant not in stores:
            found.append(PlaceView(default_code(plant), "", plant, rules.STORE, True, made=False))
        found += [
            PlaceView(f"{kind.upper()}-{plant}", "", plant, kind, False, made=False)
            for kind in (rules.QUARANTINE, rules.SCRAP)
            if (plant, kind) not in kinds
        ]
    lines = LineSetup.objects.values_list("line__code", "line__name", "line__plant__code").distinct()
    found += [
        PlaceView(code, name, plant, rules.LINE, False, made=False) for code, name, plant in lines.order_by()
    ]
    return [place for place in found if place.code not in codes]


def make_known(codes: Iterable[str]) -> None:
    """Make those of the places that a plant has without being told and that nothing was moved to yet."""
    wanted = {code for code in codes if code and "\x00" not in code}
    missing = wanted - set(StorePlace.objects.filter(code__in=wanted).values_list("code", flat=True))
    if not missing:
        return
    for place in places():
        if place.code in missing and not place.made:
            if place.is_default:
                default_store(place.plant)
            else:
                ensure_place(code=place.code, plant=place.plant, kind=place.kind, name=place.name)
