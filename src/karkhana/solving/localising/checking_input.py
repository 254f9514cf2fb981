"""What is wrong with a problem before anybody solves it: every refusal names the record and the field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from karkhana.kernel.refusals import Refused, refuse
from karkhana.solving.localising.problem import (
    CANDIDATES_MAX,
    EFFECTS_MAX,
    MONTHS_MAX,
    PRODUCTS_MAX,
    Candidate,
    Effect,
    Problem,
    Product,
    month_number,
)

UNITS_MAX, MONEY_MAX, DECIMALS_MAX, CHAIN_MAX = 1_000_000_000, Decimal(10) ** 13, 6, 50
_MONTH = re.compile(r"(19|20)\d\d-(0[1-9]|1[0-2])")
_CODE_MAX = 80


def check(problem: Problem) -> None:
    """Say no to a problem that cannot be what somebody meant.

    Raises:
        Refused: ``localise_next.*``; ``fields`` carry ``record`` and ``field``.
    """
    _check_frame(problem)
    for product in problem.products:
        _check_product(problem, product)
    known = {product.code: product for product in problem.products}
    for candidate in problem.candidates:
        _check_candidate(candidate, known)
    _check_links(problem.candidates)
    _check_places(problem, known)
    _check_target(problem, known)


def check_candidate(candidate: Candidate) -> None:
    """Say no to a candidate that cannot be meant, whatever products and other candidates there are.

    Raises:
        Refused: ``localise_next.*``.
    """
    whole = {
        effect.product: Product(code=effect.product, units=(1,), value=MONEY_MAX, imported=MONEY_MAX)
        for effect in candidate.effects
    }
    _check_code("candidate", "part", candidate.part or "-")
    _check_code("candidate", "source", candidate.source or "-")
    _check_code("candidate", "only_one_of", candidate.only_one_of or "-")
    _check_candidate(candidate, whole)


def _wrong(record: str, field: str, reason: str, next_step: str, code: str = "value") -> Refused:
    return refuse(
        f"localise_next.{code}", "{record}, field {field}: {reason}.", next_step,
        record=record[:120], field=field, reason=reason,
    )  # fmt: skip


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


def _check_code(record: str, field: str, text: str) -> None:
    if not 0 < len(text) <= _CODE_MAX or not text.isprintable() or text != text.strip():
        raise _wrong(
            record, field, f"{_short(text)} is no name", f"Use 1 to {_CODE_MAX} printable characters.", "name"
        )


def _check_money(record: str, field: str, value: Decimal, *, signed: bool = False) -> None:
    if not value.is_finite() or abs(value) > MONEY_MAX:
        raise _wrong(
            record, field, f"{_short(value)} is no amount", "Give an amount up to 10 000 000 000 000."
        )
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMALS_MAX:
        raise _wrong(record, field, f"{_short(value)} has more than 6 decimals", "Round it to 6 decimals.")
    if value < 0 and not signed:
        raise _wrong(record, field, f"{_short(value)} is negative", "Give 0 or more.")


def _check_whole(record: str, field: str, value: int, low: int = 0, high: int = UNITS_MAX) -> None:
    if not low <= value <= high:
        raise _wrong(record, field, f"{_short(value)} is not from {low} to {high}", "Correct the number.")


def _check_unique(kind: str, names: Iterable[str]) -> None:
    for name, count in Counter(names).items():
        if count > 1:
            raise _wrong(f"{kind} {name}", "code", "stands twice", "Give each a name of its own.", "twice")


def _check_frame(problem: Problem) -> None:
    if not _MONTH.fullmatch(problem.start):
        raise _wrong(
            "problem", "start", f"{_short(problem.start)} is no month", "Write it as 2026-04.", "month"
        )
    if not problem.products:
        raise _wrong("problem", "products", "there are none", "Give at least one product.", "empty")
    for kind, rows, most in (
        ("products", problem.products, PRODUCTS_MAX),
        ("candidates", problem.candidates, CANDIDATES_MAX),
    ):
        if len(rows) > most:
            raise _wrong("problem", kind, f"there are {len(rows)}", f"Give at most {most}.", "too_many")
    if sum(len(each.effects) for each in problem.candidates) > EFFECTS_MAX:
        raise _wrong("problem", "effects", "there are too many", f"Give at most {EFFECTS_MAX}.", "too_many")
    _check_unique("product", (product.code for product in problem.products))
    _check_unique("candidate", (candidate.code for candidate in problem.candidates))
    if not re.fullmatch(r"[A-Z]{3}", problem.currency):
        raise _wrong("problem", "currency", f"{_short(problem.currency)} is none", "Give three letters: INR.")
    if not 1 <= problem.months <= MONTHS_MAX:
        raise _wrong(
            f"product {problem.products[0].code}", "units", f"{problem.months} months are given",
            f"Give 1 to {MONTHS_MAX}, one number a month.",
        )  # fmt: skip
    if problem.budget is not None:
        _check_money("problem", "budget", problem.budget)


def _check_product(problem: Problem, product: Product) -> None:
    record = f"product {product.code}"
    _check_code("product", "code", product.code)
    if len(product.units) != problem.months:
        raise _wrong(
            record, "units", f"{len(product.units)} months are given, the first product has {problem.months}",
            "Give every product as many months; write 0 where none is built.",
        )  # fmt: skip
    for units in product.units:
        _check_whole(record, "units", units)
    _check_money(record, "value", product.value)
    _check_money(record, "imported", product.imported)
    _check_money(record, "local_parts_value", product.local_parts_value)
    _check_whole(record, "local_parts", product.local_parts, high=1_000_000)
    if product.value == 0:
        raise _wrong(record, "value", "it is 0", "Give the denominator of one unit.")
    if product.imported > product.value:
        raise _wrong(
            record, "imported", f"{product.imported} is more than the value {product.value}",
            "Correct one of the two: no more can be imported than the whole.", "more_than_whole",
        )  # fmt: skip


def _check_candidate(candidate: Candidate, known: dict[str, Product]) -> None:
    record = f"candidate {candidate.code}"
    _check_code("candidate", "code", candidate.code)
    for field, name in (("replaces", each) for each in candidate.places):
        _check_code(record, field, name)
    _check_money(record, "one_time", candidate.one_time)
    _check_whole(record, "lead_months", candidate.lead_months, high=600)
    _check_whole(record, "minimum", candidate.minimum)
    if candidate.capacity is not None:
        _check_whole(record, "capacity", candidate.capacity)
    for field, share in (("share_max", candidate.share_max), ("share_min", candidate.share_min)):
        if not share.is_finite() or not 0 <= share <= 1:
            raise _wrong(record, field, f"{_short(share)} is no share", "Give 0 to 1: 0.6 is 60 %.", "share")
        _check_money(record, field, share)
    if candidate.share_min > candidate.share_max:
        raise _wrong(record, "share_min", "it is more than share_max", "Correct one of the two.", "share")
    _check_unique(f"{record}, product", (effect.product for effect in candidate.effects))
    for effect in candidate.effects:
        _check_effect(record, effect, known)


def _check_effect(record: str, effect: Effect, known: dict[str, Product]) -> None:
    product = known.get(effect.product)
    if product is None:
        raise _wrong(
            record, "product", f"{_short(effect.product)} is not among the products",
            "Add the product, or correct its name.", "product_unknown",
        )  # fmt: skip
    record = f"{record} in {effect.product}"
    _check_money(record, "imported_before", effect.imported_before)
    _check_money(record, "imported_after", effect.imported_after)
    _check_money(record, "price_change", effect.price_change, signed=True)
    _check_money(record, "value_change", effect.value_change, signed=True)
    if effect.local_value is not None:
        _check_money(record, "local_value", effect.local_value, signed=True)
    _check_whole(record, "quantity", effect.quantity, low=1, high=1_000_000)
    if effect.imported_before > product.imported:
        raise _wrong(
            record, "imported_before",
            f"{effect.imported_before} is more than all that the product imports, {product.imported}",
            "Correct the candidate or the product's imported value.", "more_than_imported",
        )  # fmt: skip


def _check_links(candidates: tuple[Candidate, ...]) -> None:
    """Refuse prerequisites that do not exist, wait for each other, or form a chain nobody can read."""
    known = {candidate.code: candidate for candidate in candidates}
    for candidate in candidates:
        for other in candidate.requires:
            if other not in known:
                raise _wrong(
                    f"candidate {candidate.code}", "requires", f"{_short(other)} is not among the candidates",
                    "Add it, or correct its name.", "candidate_unknown",
                )  # fmt: skip
    depth = dict.fromkeys(known, 0)
    for _ in range(CHAIN_MAX + 1):
        longer = False
        for candidate in candidates:
            wanted = max((depth[other] + 1 for other in candidate.requires), default=0)
            if wanted > depth[candidate.code]:
                depth[candidate.code], longer = wanted, True
        if not longer:
            return
    worst = max(depth, key=lambda code: depth[code])
    raise _wrong(
        f"candidate {worst}", "requires", "its prerequisites form a circle, or too long a chain",
        "Take one of the prerequisites out.", "circle",
    )  # fmt: skip


def _check_places(problem: Problem, known: dict[str, Product]) -> None:
    """Refuse candidates that together take out more imported value than a product has."""
    most: dict[str, dict[str, Decimal]] = {}
    for candidate in problem.candidates:
        if len(candidate.places) == 1:
            for effect in candidate.effects:
                of_product = most.setdefault(effect.product, {})
                place = candidate.places[0]
                of_product[place] = max(of_product.get(place, Decimal(0)), effect.imported_before)
    for code, places in most.items():
        total, imported = sum(places.values(), Decimal(0)), known[code].imported
        if total > imported:
            raise _wrong(
                f"product {code}", "imported",
                f"its candidates replace {total} of imported value, more than its {imported}",
                "Correct imported_before, or name the same place where candidates are alternates.",
                "more_than_imported",
            )  # fmt: skip
    _check_denominators(problem, known)


def _check_denominators(problem: Problem, known: dict[str, Product]) -> None:
    """Refuse changes that could together take the whole denominator away: a share of nothing is no number."""
    left = {code: product.value for code, product in known.items()}
    for candidate in problem.candidates:
        for effect in candidate.effects:
            left[effect.product] += min(effect.value_change, Decimal(0))
    for code, value in left.items():
        if value <= 0:
            raise _wrong(
                f"product {code}", "value", "value_change of its candidates together takes all of it away",
                "Correct value_change: it is per unit, negative where the denominator gets smaller.",
            )  # fmt: skip


def _check_target(problem: Problem, known: dict[str, Product]) -> None:
    target = problem.target
    if not _MONTH.fullmatch(target.by):
        raise _wrong("target", "by", f"{_short(target.by)} is no month", "Write it as 2027-03.", "month")
    last = month_number(target.by) - month_number(problem.start)
    if not 0 <= last < problem.months:
        raise _wrong(
            "target", "by", f"{target.by} lies outside the {problem.months} months from {problem.start}",
            "Choose a month of the horizon, or give units for more months.", "outside",
        )  # fmt: skip
    if not 1 <= target.months <= last + 1:
        raise _wrong(
            "target", "months", f"{target.months} months ending {target.by} begin before the horizon",
            f"Give 1 to {last + 1}.", "outside",
        )  # fmt: skip
    if target.amount is not None:
        _check_money("target", "amount", target.amount)
    if (target.amount or 0) > (100 if target.measure == "percentage" else 100_000):
        raise _wrong("target", "amount", f"{target.amount} % is too much", "Give a percentage that can be.")
    if target.base is not None:
        _check_money("target", "base", target.base)
    _check_unique("target, product", target.products)
    for code in target.products:
        if code not in known:
            raise _wrong(
                "target", "products", f"{_short(code)} is not among the products", "Correct its name.",
                "product_unknown",
            )  # fmt: skip
    built = (known[code] for code in (target.products or known))
    if not any(sum(product.units[last - target.months + 1 : last + 1]) for product in built):
        raise _wrong(
            "target", "by", "nothing that it measures is built in that period",
            "Choose a month in which units are built.", "nothing_built",
        )  # fmt: skip
    if target.measure != "percentage":
        _check_base(problem, known)


def _check_base(problem: Problem, known: dict[str, Product]) -> None:
    """Growth over nothing is no number."""
    target = problem.target
    chosen = [known[code] for code in (target.products or known)]
    field = "local_parts" if target.measure == "count" else "local_parts_value"
    if target.base == 0 or (target.base is None and not any(getattr(product, field) for product in chosen)):
        raise _wrong(
            "target", "base", f"growth of {target.measure} over 0 is no number",
            f"Give base, or {field} of the products.", "base",
        )  # fmt: skip
