"""What a station page must know about the thing that was just scanned."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from karkhana.design.release import ReleasePackage, Step
from karkhana.floor.models import WorkOrder
from karkhana.floor.queries.places import packages
from karkhana.floor.queries.rows import fetch
from karkhana.people.models import Operator


@dataclass(frozen=True, slots=True)
class Scanned:
    """A unit, panel or container as it is now, with its release where it has one."""

    serial: str
    kind: str
    state: str
    next_step: int
    bound: tuple[str, ...]
    positions: int
    scrapped_mask: int
    level: str | None
    release: ReleasePackage | None

    @property
    def step(self) -> Step | None:
        """The next step of its route, None behind the last."""
        return self.release.step(self.next_step) if self.release else None

    @property
    def good_positions(self) -> tuple[int, ...]:
        """Board positions of a panel that are not scrapped."""
        return tuple(p for p in range(1, self.positions + 1) if not self.scrapped_mask >> (p - 1) & 1)


_SELECT = (
    "SELECT serial, kind, state, next_step, bound, positions, scrapped_mask, level, product, revision"
    " FROM ledger_unit"
)


def scanned(text: str) -> Scanned | None:
    """Find a unit by its serial number, or by an identity that it carries; None when nothing is known."""
    rows = fetch(f"{_SELECT} WHERE serial = %s", [text])
    if not rows:
        compact = "".join(letter for letter in text if letter not in " :-.").upper()
        rows = fetch(
            f"{_SELECT} WHERE serial = (SELECT unit FROM ledger_identity"
            " WHERE value = ANY(%s) AND burnt_at IS NULL ORDER BY space LIMIT 1)",
            [[text, compact]],
        )
    if not rows:
        return None
    *values, product, revision = rows[0]
    values[4] = tuple(values[4])  # PostgreSQL's arrays come as lists
    release = packages(frozenset({(product, revision)})).get((product, revision)) if product else None
    return Scanned(*(*values, release))


def lot_part(lot: str) -> str | None:
    """Return the part number of a lot that was received, None when it is not known."""
    rows = fetch("SELECT part FROM ledger_lot WHERE lot = %s", [lot])
    return str(rows[0][0]) if rows else None


def recorded_body(event_id: uuid.UUID) -> str | None:
    """Return the stored body of an event that was recorded before, None when its id is new."""
    rows = fetch(
        "SELECT body FROM ledger_event WHERE seq = (SELECT seq FROM ledger_receipt WHERE id = %s)",
        [event_id],
    )
    return str(rows[0][0]) if rows else None


def operator_code(user_id: int) -> str:
    """Return the operator code that belongs to a log-in, empty when none does."""
    return Operator.objects.filter(user_id=user_id).values_list("code", flat=True).first() or ""


def work_order_positions(code: str) -> int | None:
    """Return how many boards a panel of a work order's product has; None when the order is unknown."""
    order = WorkOrder.objects.filter(code=code).select_related("revision__product").first()
    if order is None:
        return None
    pair = (order.revision.product.code, order.revision.code)
    package = packages(frozenset({pair})).get(pair)
    return package.panel_positions if package else None
