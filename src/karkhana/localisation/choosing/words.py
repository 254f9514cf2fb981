"""What a result says, in the reader's language."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils.translation import gettext, gettext_noop

from karkhana.solving.localising import NotChosen, Result

STATUS = {
    "reached": gettext_noop("The target is reached."),
    "already_reached": gettext_noop("The target is reached today; the plan is what saves money or keeps it."),
    "out_of_reach": gettext_noop("The target is out of reach; this plan is as far as one can get."),
    "over_budget": gettext_noop("The target is not reached within the budget; this plan is the most for it."),
    "not_kept": gettext_noop("The target is reached by the month, but cannot be kept after it."),
    "most": gettext_noop("This is the most for the budget."),
}
MEASURES = {
    "percentage": gettext_noop("percentage of local value"),
    "count": gettext_noop("growth of the number of locally sourced parts"),
    "value": gettext_noop("growth of the value of locally sourced parts"),
}
_REASONS = {
    "no_effect": gettext_noop("It adds nothing to what is measured."),
    "prerequisite": gettext_noop("It does nothing by itself, and none that needs it is chosen."),
    "nothing_built": gettext_noop("Nothing that it is in is built in the period."),
    "too_late": gettext_noop("Too late: the first can be built in from %(available)s."),
    "minimum": gettext_noop("Its minimum quantity does not fit what can be built with it."),
    "share": gettext_noop("Its shares and its capacity leave no room for it."),
    "alternate": gettext_noop("Its place is taken by %(instead)s."),
    "budget": gettext_noop("It does not fit into the budget beside the others."),
    "too_dear": gettext_noop("Too dear for what it adds."),
    "not_needed": gettext_noop("It is not needed."),
}
_LIMITS = {
    "as_it_is": gettext_noop("As things stand"),
    "lead_time": gettext_noop("If nothing had a lead time"),
    "capacity": gettext_noop("If capacities were unlimited"),
    "share": gettext_noop("If no share were limited"),
    "minimum": gettext_noop("If there were no minimum quantities"),
    "all": gettext_noop("If none of these limited"),
}
CRORE = Decimal(10_000_000)


def reason_of(row: NotChosen) -> str:
    """Return why a candidate is not chosen."""
    return gettext(_REASONS[row.reason]) % {"available": row.available, "instead": ", ".join(row.instead)}


def shown(result: Result) -> dict[str, Any]:
    """Return what the page shows besides the result itself."""
    return {
        "answer_said": gettext(STATUS[result.status]),
        "measure": gettext(MEASURES[result.measure]),
        "others": [(row, reason_of(row)) for row in result.not_chosen],
        "limits": [(gettext(_LIMITS[row.what]), row) for row in result.limits],
        "curve_chart": _curve(result),
        "month_chart": _months(result),
    }


def _crore(value: Decimal) -> str:
    return str((value / CRORE).quantize(Decimal("0.0001"), ROUND_HALF_UP))


def _curve(result: Result) -> dict[str, Any]:
    return {
        "x": [str(point.level) for point in result.curve],
        "y": [_crore(point.cost) for point in result.curve],
        "who": [", ".join(point.candidates) or "–" for point in result.curve],
        "plan": {"x": str(result.level), "y": _crore(result.cost), "name": gettext("this plan")},
        "wanted": None if result.wanted is None else str(result.wanted),
        "x_title": gettext(MEASURES[result.measure]) + ", %",
        "y_title": gettext("cost over the horizon, ₹ crore"),
        "line": gettext("least cost"),
        "wanted_name": gettext("wanted"),
    }


def _months(result: Result) -> dict[str, Any]:
    return {
        "x": [month.month for month in result.months],
        "before": [str(month.before) for month in result.months],
        "after": [str(month.after) for month in result.months],
        "wanted": None if result.wanted is None else str(result.wanted),
        "names": [gettext("as today"), gettext("with the plan"), gettext("wanted")],
        "by": result.by,
    }
