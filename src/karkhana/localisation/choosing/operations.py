"""Writing candidates and planned units: by one, or from a file whose good rows are kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import transaction

from karkhana.design.models import Product
from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.localisation.choosing.models import LocalCandidate, LocalCandidateEffect, PlannedUnits
from karkhana.localisation.choosing.reading import read_candidates, read_plan
from karkhana.solving.localising import Candidate
from karkhana.solving.localising.checking_input import UNITS_MAX, check_candidate
from karkhana.supply.registers.rules.survey import with_place

KEPT_MAX = 2_000
_OWN = (
    "part", "source", "only_one_of", "one_time", "lead_months", "capacity", "minimum", "minimum_per",
    "share_max", "share_min",
)  # fmt: skip
_EFFECT = (
    "imported_before", "imported_after", "price_change", "value_change", "quantity", "local_value",
)  # fmt: skip


@dataclass(slots=True)
class Imported:
    """What became of a file: what was stored, and the refused rows with line and field."""

    file: str
    rows: int
    stored: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "file": self.file,
            "rows": self.rows,
            "stored": self.stored,
            "refusals": [one.as_dict() for one in self.refusals],
        }


@transaction.atomic
def save_candidate(*, candidate: Candidate, now: dt.datetime, user: Any = None) -> LocalCandidate:
    """Store a candidate, in place of the one of the same code.

    Raises:
        Refused: ``localise_next.*``, ``product.unknown``.
    """
    check_candidate(candidate)
    wanted = {effect.product for effect in candidate.effects}
    products = {product.code: product for product in Product.objects.filter(code__in=wanted)}
    for code in sorted(wanted):
        if code not in products:
            raise refuse(
                "product.unknown", "There is no product {product}.", "Correct its code.", product=code[:80],
                field="product",
            )  # fmt: skip
    said = {name: getattr(candidate, name) for name in _OWN}
    said |= {"replaces": list(candidate.replaces), "requires": list(candidate.requires)}
    row, made = LocalCandidate.objects.update_or_create(
        code=candidate.code, defaults={**said, "set_at": now, "set_by": user, "dropped_at": None}
    )
    kept = LocalCandidate.objects.filter(dropped_at=None).count()
    if made and kept > KEPT_MAX:
        raise refuse(
            "localise_next.too_many",
            "There are {most} candidates already.",
            "Drop some first.",
            most=KEPT_MAX,
        )
    row.effects.all().delete()
    LocalCandidateEffect.objects.bulk_create(
        LocalCandidateEffect(
            candidate=row,
            product=products[effect.product],
            **{name: getattr(effect, name) for name in _EFFECT},
        )
        for effect in candidate.effects
    )
    return row


def drop_candidate(*, code: str, now: dt.datetime) -> None:
    """Take a candidate out of every choice.

    Raises:
        Refused: ``localise_next.candidate_unknown``.
    """
    found = 0
    if "\x00" not in code:
        found = LocalCandidate.objects.filter(code=code, dropped_at=None).update(dropped_at=now)
    if not found:
        raise refuse(
            "localise_next.candidate_unknown", "There is no candidate {candidate}.", "Check the code.",
            candidate=code[:80],
        )  # fmt: skip


def import_candidates(*, path: Path, name: str, now: dt.datetime, user: Any = None) -> Imported:
    """Store the candidates of a CSV or XLSX file; one that cannot be meant leaves the others in peace.

    Raises:
        Refused: ``register.*`` when it is no table of candidates at all.
    """
    read = read_candidates(path, name=name)
    done = Imported(name, read.rows, refusals=read.refusals)
    for candidate in read.candidates:
        try:
            save_candidate(candidate=candidate, now=now, user=user)
            done.stored += 1
        except Refused as refused:
            line = read.lines[candidate.code]
            done.refusals.append(with_place(refused, file=name, line=line).refusal)
    done.refusals.sort(key=lambda one: one.fields["line"])
    return done


def plan_units(*, planned: Mapping[tuple[str, dt.date], int]) -> int:
    """Store planned units by product and first day of a month, in place of what was planned; return how many.

    Raises:
        Refused: ``product.unknown``, ``localise_next.units``.
    """
    products = {p.code: p for p in Product.objects.filter(code__in={code for code, _ in planned})}
    rows = []
    for (code, month), units in planned.items():
        if code not in products:
            raise refuse(
                "product.unknown", "There is no product {product}.", "Correct its code.", product=code[:80],
                field="product",
            )  # fmt: skip
        if not 0 <= units <= UNITS_MAX:
            raise refuse(
                "localise_next.units", "{units} units cannot be planned.", "Plan 0 to {most} a month.",
                units=str(units)[:30], most=UNITS_MAX, field="units",
            )  # fmt: skip
        rows.append(PlannedUnits(product=products[code], month=month, units=units))
    PlannedUnits.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["product", "month"], update_fields=["units"]
    )
    return len(rows)


def import_plan(*, path: Path, name: str) -> Imported:
    """Store the planned units of a CSV or XLSX file, refused rows left out.

    Raises:
        Refused: ``register.*`` when it is no table of planned units at all.
    """
    read = read_plan(path, name=name)
    done = Imported(name, read.rows, refusals=read.refusals)
    for (product, month), units in read.planned.items():
        try:
            done.stored += plan_units(planned={(product, dt.date.fromisoformat(f"{month}-01")): units})
        except Refused as refused:
            line = read.lines[f"{product} {month}"]
            done.refusals.append(with_place(refused, file=name, line=line).refusal)
    done.refusals.sort(key=lambda one: one.fields["line"])
    return done
