"""Two designs side by side: which parts go, come or count otherwise, and what that moves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

from karkhana.kernel.money import EXACT
from karkhana.localisation.designed.queries import DesignedResult, DesignedRow
from karkhana.localisation.designed.rules import cost_of

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Side:
    """What one part is in one unit of one design, in the usual case; all zero where it is not in it."""

    quantity: Decimal = ZERO
    imported: Decimal = ZERO
    cost: Decimal = ZERO
    supplier: str = ""
    origin: str = ""
    priced: bool = True


@dataclass(frozen=True, slots=True)
class Moved:
    """A part that is not the same in both designs; ``imported`` and ``cost`` are after less before."""

    name: str
    description: str
    before: Side
    after: Side

    @property
    def sides(self) -> tuple[Side, Side]:
        """Before and after."""
        return self.before, self.after

    @property
    def imported(self) -> Decimal:
        """How much more of it counts as not local."""
        return self.after.imported - self.before.imported

    @property
    def cost(self) -> Decimal:
        """How much more it costs."""
        return self.after.cost - self.before.cost


def moved(old: DesignedResult, new: DesignedResult) -> tuple[Moved, ...]:
    """Return the parts that differ, those that move most imported value first."""
    with localcontext(EXACT):
        before, after = _sides(old), _sides(new)
    said = {row.demand.name: row.demand.description for row in (*old.rows, *new.rows)}
    found = [
        Moved(name, said[name], before.get(name, Side()), after.get(name, Side()))
        for name in said
        if before.get(name) != after.get(name)
    ]
    return tuple(sorted(found, key=lambda row: (-abs(row.imported), -abs(row.cost), row.name)))


def _sides(result: DesignedResult) -> dict[str, Side]:
    """Return what each part is; one that stands at several places is added up."""
    found: dict[str, Side] = {}
    for row in result.rows:
        side, known = _side(row), found.get(row.demand.name)
        found[row.demand.name] = side if known is None else Side(
            known.quantity + side.quantity,
            known.imported + side.imported,
            known.cost + side.cost,
            known.supplier,
            known.origin,
            known.priced and side.priced,
        )  # fmt: skip
    return found


def _side(row: DesignedRow) -> Side:
    quantity = row.demand.quantity
    if row.usual is None:
        return Side(quantity, priced=False)
    offer = row.usual.option.offer
    return Side(
        quantity, row.imported, cost_of(row.usual.option.piece) * quantity, offer.supplier, offer.origin
    )
