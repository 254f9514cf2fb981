"""Consigned material on a line: the line is not set up for another brand's product that would take of it."""

from __future__ import annotations

from karkhana.design.models import Revision
from karkhana.design.release import decode_package
from karkhana.floor.queries.rows import fetch
from karkhana.floor.stores.lots import known_reference, read_lots
from karkhana.kernel.refusals import refuse
from karkhana.supply.models import Supplier
from karkhana.supply.models.parties import BRAND


def require_no_consigned(line: str, revision: Revision) -> None:
    """Refuse a set-up while a lot of another brand feeds what its product would take.

    The gate refuses such a lot when it is loaded; this is the other way round, the product coming later.

    Raises:
        Refused: ``setup.consigned``.
    """
    if not Supplier.objects.filter(role=BRAND).exists():
        return  # without reading the reference, which every set-up makes stale
    known = known_reference()
    package = decode_package(revision.package or "")
    stations = {s.code: s.station_type for s in known.stations.values() if s.line == line}
    mounted = fetch(
        "SELECT station, lot, part FROM ledger_mount WHERE station = ANY(%s) AND unloaded_at IS NULL",
        [list(stations)],
    )
    lots = read_lots({row[1] for row in mounted}, known)
    for station, code, part in mounted:
        fact = lots.get(code)
        others = fact.owners - {package.brand} if fact else frozenset()
        takes = any(
            step.station_type == stations[station] and any(m.allows(part) for m in step.materials)
            for step in package.steps
        )
        if others and takes:
            raise refuse(
                "setup.consigned",
                "Lot {lot} of brand {owner} is on {station}: a product of {brand} would take of it.",
                "Unload the lot first, then set the line up.",
                lot=code,
                owner=min(others),
                station=station,
                brand=package.brand,
            )
