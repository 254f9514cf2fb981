"""Why each candidate is in a plan or not, in figures got by leaving it out or putting it in."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction

from karkhana.solving.localising.answering import Clock, OutOfTime, least_cost
from karkhana.solving.localising.measure import Built, points
from karkhana.solving.localising.model import Model
from karkhana.solving.localising.plans import Plan, amount
from karkhana.solving.localising.problem import Candidate, availability, month_number, month_text, periods
from karkhana.solving.localising.result import Chosen, NotChosen, Reason


class Explainer:
    """Explains one plan. ``level`` is what the plan had to reach; None explains
    the highest plan there is, or that for a budget."""

    def __init__(
        self, model: Model, plan: Plan, level: Fraction | None, clock: Clock, held: int | None
    ) -> None:
        self._model, self._plan, self._level, self._clock, self._held = model, plan, level, clock, held
        self._problem = model.problem
        self._start = month_number(model.problem.start)
        self._available = availability(model.problem)
        self._period = periods(model.problem)[0]
        self._products = {each.code: each for each in model.problem.products}
        self._asked = model.quotients[0]
        self._present = self._asked.at({})
        self._by_candidate: dict[str, list[Built]] = defaultdict(list)
        for name in model.units:
            self._by_candidate[name[1]].append(name)
        self.complete = True

    def chosen(self) -> tuple[Chosen, ...]:
        """Explain those that are chosen, the most points first."""
        rows = [self._chosen(each) for each in self._problem.candidates if each.code in self._plan.chosen]
        return tuple(sorted(rows, key=lambda row: (-row.points, row.candidate)))

    def not_chosen(self) -> tuple[NotChosen, ...]:
        """Explain the others, the most points that they could add first."""
        rows = [
            self._not_chosen(each) for each in self._problem.candidates if each.code not in self._plan.chosen
        ]
        return tuple(sorted(rows, key=lambda row: (-row.alone, row.candidate)))

    def _chosen(self, candidate: Candidate) -> Chosen:
        effects = {effect.product: effect for effect in candidate.effects}
        used = {name: n for name, n in self._plan.units.items() if name[1] == candidate.code}
        parts: dict[int, int] = defaultdict(int)
        for name, count in used.items():
            parts[name[3]] += count * effects[name[2]].quantity
        price = sum((effects[name[2]].price_change * n for name, n in used.items()), Decimal(0))
        others = {name: n for name, n in self._plan.units.items() if name[1] != candidate.code}
        gained = self._plan.level - self._asked.at(others)
        cost = candidate.one_time + price
        extra, indispensable = self._without(candidate)
        busiest = max(parts.values(), default=0)
        return Chosen(
            candidate=candidate.code,
            part=candidate.part,
            source=candidate.source,
            available=month_text(self._start + self._available[candidate.code]),
            first_used=month_text(self._start + min(parts)) if parts else None,
            units=sum(used.values()),
            parts=sum(parts.values()),
            busiest=busiest,
            capacity=candidate.capacity,
            at_capacity=candidate.capacity is not None
            and busiest + _smallest(candidate) > candidate.capacity,
            points=points(gained),
            one_time=candidate.one_time,
            price_change=price,
            cost=cost,
            cost_per_point=_per_point(cost, gained),
            without=extra,
            indispensable=indispensable,
            required_by=tuple(
                each.code
                for each in self._problem.candidates
                if each.code in self._plan.chosen and candidate.code in each.requires
            ),
        )

    def _forced(self, candidate: Candidate, value: int) -> tuple[Decimal | None, bool]:
        """Return how much dearer it gets with a candidate forced in or out, and whether it cannot be."""
        if self._level is None:
            return None, False
        if not self._clock.left:
            self.complete = False
            return None, False
        try:
            found = least_cost(
                self._model, self._level, self._clock, forced={("use", candidate.code): value},
                periods_held=self._held,
            )  # fmt: skip
        except OutOfTime:
            self.complete = False
            return None, False
        if found is None:
            return None, True
        return amount(max(found.cost - Fraction(self._plan.checked.cost), Fraction(0))), False

    def _without(self, candidate: Candidate) -> tuple[Decimal | None, bool]:
        return self._forced(candidate, 0)

    def _not_chosen(self, candidate: Candidate) -> NotChosen:
        names = [name for name in self._by_candidate[candidate.code] if name[3] in self._period]
        units = self._alone(candidate, names)
        gained = self._asked.at(units) - self._present
        one_time = self._to_pay(candidate)
        effects = {effect.product: effect for effect in candidate.effects}
        cost = one_time + sum(
            (effects[name[2]].price_change * count for name, count in units.items()), Decimal(0)
        )
        instead = self._instead(candidate)
        reason = self._reason(candidate, names, gained, instead, one_time)
        dearer = None
        if reason in ("alternate", "too_dear"):
            dearer, never = self._forced(candidate, 1)
            reason = "minimum" if never and reason == "too_dear" else reason
        return NotChosen(
            candidate=candidate.code,
            part=candidate.part,
            source=candidate.source,
            reason=reason,
            available=month_text(self._start + self._available[candidate.code]),
            alone=points(gained),
            alone_cost=cost,
            cost_per_point=_per_point(cost, gained),
            instead=instead,
            dearer=dearer,
        )

    def _alone(self, candidate: Candidate, names: list[Built]) -> dict[Built, int]:
        """Return the units of the period when it takes as many as it can, by itself."""
        quantity = {effect.product: effect.quantity for effect in candidate.effects}
        left: dict[int, int | None] = defaultdict(lambda: candidate.capacity)
        units: dict[Built, int] = {}
        for name in names:
            most, free = int(self._model.program.columns[name].upper), left[name[3]]
            if free is not None:
                most = min(most, free // quantity[name[2]])
                left[name[3]] = free - most * quantity[name[2]]
            units[name] = most
        return units

    def _to_pay(self, candidate: Candidate) -> Decimal:
        """Return its one-time cost with that of prerequisites that nobody has paid yet."""
        known = {each.code: each for each in self._problem.candidates}
        seen: set[str] = set()
        open_codes = [candidate.code]
        while open_codes:
            code = open_codes.pop()
            if code not in seen and code not in self._plan.chosen:
                seen.add(code)
                open_codes.extend(known[code].requires)
        return sum((known[code].one_time for code in seen), Decimal(0))

    def _instead(self, candidate: Candidate) -> tuple[str, ...]:
        found = []
        mine = {effect.product for effect in candidate.effects}
        for other in self._problem.candidates:
            if other.code not in self._plan.chosen:
                continue
            same_place = not set(other.places).isdisjoint(candidate.places) and any(
                effect.product in mine for effect in other.effects
            )
            same_group = bool(candidate.only_one_of) and other.only_one_of == candidate.only_one_of
            if same_place or same_group:
                found.append(other.code)
        return tuple(found)

    def _reason(
        self, candidate: Candidate, names: list[Built], gained: Fraction, instead: tuple[str, ...],
        one_time: Decimal,
    ) -> Reason:  # fmt: skip
        early = self._too_early(candidate, names)
        if early is not None:
            return early
        if gained <= 0:
            return "no_effect"
        if instead:
            return "alternate"
        if self._level is None:
            # All that fits is in the highest plan there is: what is not in it does not fit.
            return "minimum" if self._problem.budget is None else "budget"
        return "too_dear" if self._plan.level > self._present else "not_needed"

    def _too_early(self, candidate: Candidate, names: list[Built]) -> Reason | None:
        """Return a reason that stands before any question of cost."""
        if not candidate.effects:
            return "prerequisite"
        if self._available[candidate.code] > self._period[-1]:
            return "too_late"
        if ("never", candidate.code) in self._model.program.rows:
            return "share"
        measured = set(self._problem.target.products) or set(self._products)
        built = any(
            self._products[effect.product].units[month]
            for effect in candidate.effects
            if effect.product in measured
            for month in self._period
        )
        if not built:
            return "nothing_built"
        most = candidate.capacity
        if most is not None and candidate.minimum_per == "month" and most < candidate.minimum:
            return "minimum"
        return None if names else "share"


def _smallest(candidate: Candidate) -> int:
    return min((effect.quantity for effect in candidate.effects), default=1)


def _per_point(cost: Decimal, gained: Fraction) -> Decimal | None:
    return amount(Fraction(cost) / (gained * 100)) if gained > 0 else None
