"""SPECS: a share of capital expenditure, with a limit on refurbished plant. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from karkhana.incentives.rules import asking
from karkhana.incentives.rules.scheme import Scheme
from karkhana.incentives.rules.sheet import Result, Sheet

NEEDS = ("rate", "refurbished_share_max", "investment_min")
READINGS: tuple[str, ...] = ()
FACTS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Expenditure of one project; land and building are never counted."""

    fy: Annotated[str, asking.fiscal()]
    plant_new: Annotated[Decimal, asking.amount("new plant and machinery")]
    plant_refurbished: Annotated[Decimal, asking.amount("refurbished plant and machinery")] = Decimal(0)
    utilities: Annotated[Decimal, asking.amount("associated utilities")] = Decimal(0)
    technology: Annotated[Decimal, asking.amount("technology, with research and development")] = Decimal(0)


def compute(scheme: Scheme, project: Project) -> Result:
    """Return what is reimbursed of the expenditure."""
    sheet = Sheet(scheme, project.fy)
    most = sheet.take("refurbished_share_max", what="refurbished, at most, of eligible plant and machinery")
    sheet.given("new plant", project.plant_new)
    sheet.given("refurbished plant", project.plant_refurbished)
    # r <= s (n + r), so r <= n s / (1 - s).
    ceiling = project.plant_new * most / (1 - most)
    refurbished = sheet.limit("refurbished plant", project.plant_refurbished, ceiling)
    eligible = project.plant_new + refurbished + project.utilities + project.technology
    sheet.computed("eligible expenditure", eligible)
    floor = sheet.find("investment_min", what="least investment of the product")
    sheet.reaches("eligible expenditure", eligible, floor)
    return sheet.result(sheet.take("rate", what="share reimbursed") * eligible)
