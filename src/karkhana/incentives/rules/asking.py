"""What a formula asks for: fields of a frozen dataclass, each annotated with kind, bounds and words. Pure.

The command line, a form or the claims engine fill them through ``incentives.inputs``, which refuses what does
not fit, naming the field.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

CRORE_MOST = Decimal(10) ** 9


class Wrong(ValueError):
    """An input is not possible, alone or beside the others; carries the field."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


@dataclass(frozen=True, slots=True)
class Ask:
    """How one field is asked.

    Args:
        kind: ``amount``, ``whole``, ``choice``, ``yes_no``, ``fiscal_year`` or ``day``.
        what: its words.
        unit: of an amount.
        least, most: bounds of an amount or whole number, both allowed.
        options: of a choice.
    """

    kind: str
    what: str
    unit: str = ""
    least: Decimal | None = None
    most: Decimal | None = None
    options: tuple[str, ...] = ()


def amount(
    what: str, *, unit: str = "INR_crore", least: Decimal | None = Decimal(0), most: Decimal = CRORE_MOST
) -> Ask:
    """Ask for an exact number; a default beside it makes it optional."""
    return Ask("amount", what, unit=unit, least=least, most=most)


def share(what: str) -> Ask:
    """Ask for a share from 0 to 1."""
    return Ask("amount", what, unit="share", least=Decimal(0), most=Decimal(1))


def whole(what: str, least: int, most: int) -> Ask:
    """Ask for a whole number within bounds."""
    return Ask("whole", what, least=Decimal(least), most=Decimal(most))


def choice(what: str, *options: str) -> Ask:
    """Ask for one of some words."""
    return Ask("choice", what, options=options)


def yes_no(what: str) -> Ask:
    """Ask for true or false."""
    return Ask("yes_no", what)


def fiscal(what: str = "fiscal year, such as FY21 or 2020-21") -> Ask:
    """Ask for a fiscal year."""
    return Ask("fiscal_year", what)


def day(what: str) -> Ask:
    """Ask for a date."""
    return Ask("day", what)
