"""Local value as built: of one unit, and of all units of a product, brand, plant and period."""

from __future__ import annotations

import datetime as dt

from karkhana.localisation.built.periods import Progress, value_selection
from karkhana.localisation.built.results import PeriodResult
from karkhana.localisation.built.selection import Selection
from karkhana.localisation.built.units import value_unit

__all__ = ["PeriodResult", "value_period", "value_unit"]


def value_period(
    *,
    method: str,
    chosen: dict[str, str] | None = None,
    product: str | None = None,
    brand: str | None = None,
    plant: str | None = None,
    first: dt.date,
    last: dt.date,
    by_lot: bool = False,
    units_max: int | None = None,
    progress: Progress | None = None,
) -> PeriodResult:
    """Value all units completed from one day to another, both included, each as ``value_unit`` does.

    Args:
        method: id of a method, or the path of a method file of one's own; the edition that held on each day.
        chosen: parameters of the method.
        product, brand, plant: None for every one. Without a product, sub-assemblies count only inside of
            what they went into.
        by_lot: keep a line for every lot and not only for every supplier of a part.
        units_max: refuse more units than that.
        progress: told (units valued, units in all).

    Raises:
        Refused: ``period.order``, ``product.unknown``, ``brand.unknown``, ``plant.unknown``, ``method.*``,
            ``localise.no_units``, ``localise.too_many``.
    """
    return value_selection(
        Selection(first, last, product, brand, plant),
        method=method,
        chosen=chosen,
        by_lot=by_lot,
        units_max=units_max,
        progress=progress,
    )
