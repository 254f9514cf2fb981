"""The kinds of registers: what their rows can say, and what books them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from karkhana.kernel.refusals import refuse
from karkhana.supply.registers import entries as bills
from karkhana.supply.registers import lists, purchases
from karkhana.supply.registers.context import Context, Entry, Outcome
from karkhana.supply.registers.rules import fields as known
from karkhana.supply.registers.rules.columns import Field


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of register: what its rows can say, how they are booked, what every row of it has."""

    name: str
    fields: tuple[Field, ...]
    book: Callable[[Sequence[Entry], Context], list[Outcome]]
    needed: tuple[str, ...]


KINDS = {
    kind.name: kind
    for kind in (
        Kind("purchases", known.PURCHASES, purchases.book, ("part", "quantity")),
        Kind("bills-of-entry", known.BILLS, bills.book, ("number", "item")),
        Kind("rates", known.RATES, lists.booker(lists.rate), ("rate", "valid_from")),
        Kind("certificates", known.CERTIFICATES, lists.booker(lists.certificate), ("number", "percent")),
        Kind("suppliers", known.SUPPLIERS, lists.booker(lists.supplier), ("code", "country")),
        Kind("parts", known.PARTS, lists.booker(lists.part), ("number",)),
        Kind("prices", known.PRICES, lists.booker(lists.price), ("part", "price")),
    )
}


def kind_named(name: str) -> Kind:
    """Return a kind of register.

    Raises:
        Refused: ``register.kind``.
    """
    if name not in KINDS:
        raise refuse(
            "register.kind",
            "{name} is no kind of register.",
            "Choose one of: {known}.",
            name=repr(name[:40]),
            known=", ".join(KINDS),
        )
    return KINDS[name]
