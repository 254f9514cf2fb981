"""What a change of revision does to the cost of the parts and to the local percentage, for change orders."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from karkhana.design.models import Revision
from karkhana.kernel.refusals import Refused
from karkhana.localisation.catalogue import method_for
from karkhana.localisation.designed.queries import VOLUME, cost_revision, value_costed
from karkhana.localisation.rules.pieces import plain
from karkhana.localisation.rules.valuing import Settings

PAISA = Decimal("0.01")
METHOD = "PPP_MII"
"""The method that a change order tells: the one that public procurement asks for."""


def money_of_change(old: Revision, new: Revision, day: dt.date) -> dict[str, Any]:
    """Tell cost and local percentage of one unit before and after a change, as designed on a day.

    Returns:
        ``known`` False where no part of one side is priced. Else ``method``, ``day``, ``volume``, ``cost``
        and ``percent`` as differences, and of ``before`` and ``after``: ``cost`` of the parts in rupees and
        paise, ``unpriced`` parts, ``percent`` with its range and ``class``, None where the product has no
        price on the day (``why`` says so).
    """
    try:
        settings = Settings.of(method_for(METHOD, day), day=day)
        before, after = _side(old, settings), _side(new, settings)
    except Refused:
        return {"known": False}
    if before is None or after is None:
        return {"known": False}
    return {
        "known": True,
        "method": METHOD,
        "day": day.isoformat(),
        "volume": plain(VOLUME),
        "before": before,
        "after": after,
        "cost": _difference(before["cost"], after["cost"]),
        "percent": _difference(before["percent"], after["percent"]),
    }


def _difference(before: str | None, after: str | None) -> str | None:
    """Return the second less the first with its sign, None where one is not known."""
    if before is None or after is None:
        return None
    return f"{Decimal(after) - Decimal(before):+f}"


def _side(revision: Revision, settings: Settings) -> dict[str, Any] | None:
    costed = cost_revision(revision, settings)
    unpriced = sum(not demand.options for demand in costed.demands)
    if unpriced == len(costed.demands):
        return None
    side: dict[str, Any] = {"cost": str(costed.cost.quantize(PAISA, ROUND_HALF_UP)), "unpriced": unpriced}
    try:
        result = value_costed(costed, settings, product=revision.product.code)
    except Refused as refused:
        none = dict.fromkeys(("percent", "percent_min", "percent_max", "class"))
        return {**side, **none, "why": refused.refusal.code}
    return {
        **side,
        "percent": str(result.usual.percent),
        "percent_min": str(result.worst.percent_min),
        "percent_max": str(result.best.percent_max),
        "class": result.grade_of(result.usual),
    }
