"""What an import carries along: what was said of the file, the suppliers it met, what it remarks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from karkhana.kernel import tax
from karkhana.kernel.countries import HOME
from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.supply.models import Supplier
from karkhana.supply.models.money import CUSTOMS
from karkhana.supply.rates.queries import rate_on
from karkhana.supply.registers.rules.rows import text_of
from karkhana.supply.registers.rules.survey import Row
from karkhana.supply.sources.operations import set_supplier

REMARKS_MAX = 200


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person says of a register.

    Args:
        columns: heading to field; a heading without a field is left out.
        decimal: ``dot`` or ``comma``; empty: it is found.
        dates: ``dmy`` or ``mdy``; empty: it is found.
        currency: of prices beside which none stands.
        rate_kind: which rates are looked up where the register gives none.
        create_suppliers: make suppliers known that the register names with their country or GSTIN.
        sheet: of a workbook; empty: the largest.
    """

    columns: dict[str, str] = field(default_factory=dict)
    decimal: str = ""
    dates: str = ""
    currency: str = ""
    rate_kind: str = CUSTOMS
    create_suppliers: bool = False
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as it was read."""

    line: int
    cells: Sequence[str]
    row: Row


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a row: booked, booked before, or refused."""

    entry: Entry
    made: bool = False
    refusal: Refusal | None = None


@dataclass(slots=True)
class Context:
    """One import. Its caches hold suppliers and rates alone, however long the register is."""

    settings: Settings
    columns: frozenset[str]
    file_name: str
    file_sha256: str
    now: dt.datetime
    today: dt.date
    remarks: list[dict[str, object]] = field(default_factory=list)
    remarks_total: int = 0
    created: list[str] = field(default_factory=list)
    _suppliers: dict[str, Supplier] = field(default_factory=dict)
    _missed: set[str] = field(default_factory=set)
    _rates: dict[tuple[str, dt.date], Decimal | Refusal] = field(default_factory=dict)

    def begin_chunk(self) -> None:
        """Forget what was not found, and what may have been rolled back."""
        self._missed.clear()
        self._suppliers.clear()
        self._rates.clear()

    def remark(self, line: int, code: str, message: str) -> None:
        """Keep what a person should look at but nothing is refused for."""
        self.remarks_total += 1
        if len(self.remarks) < REMARKS_MAX:
            self.remarks.append({"line": line, "code": code, "message": message})

    def rate(self, currency: str, day: dt.date) -> Decimal:
        """Return the booked rate of a day.

        Raises:
            Refused: ``rate.unknown``.
        """
        found = self._rates.get((currency, day))
        if found is None:
            try:
                found = rate_on(currency, day, self.settings.rate_kind)
            except Refused as refused:
                found = refused.refusal
            self._rates[currency, day] = found
        if isinstance(found, Refusal):
            raise Refused(found)
        return found

    def supplier(self, row: Row) -> Supplier:
        """Return the supplier of a row by code, tax number or name; make it known when that was asked for.

        Raises:
            Refused: ``supplier.unknown``, ``supplier.ambiguous``, ``supplier.no_country``, and as
                ``sources.operations.set_supplier``.
        """
        said, number = text_of(row, "supplier"), text_of(row, "tax_id")
        if not said and not number:
            raise refuse(
                "register.missing",
                "{field} is empty.",
                "Fill it in and import the row again.",
                field="supplier",
            )
        key = f"{said}\n{number}"
        found = self._suppliers.get(key)
        if found is None and key not in self._missed:
            found = _find(said, number)
            if found is not None:
                self._suppliers[key] = found
        if found is None and self.settings.create_suppliers:
            found = self._suppliers[key] = self._create(row, said, number)
        if found is None:
            self._missed.add(key)
            raise refuse(
                "supplier.unknown",
                "supplier: {value} is no supplier that is known.",
                "Make it known first, or import with --create-suppliers.",
                field="supplier",
                value=repr((said or number)[:60]),
            )
        return found

    def _create(self, row: Row, said: str, number: str) -> Supplier:
        name = text_of(row, "supplier_name") or said or number
        country = text_of(row, "supplier_country") or (HOME if _is_gstin(number) else "")
        if not country:
            raise refuse(
                "supplier.no_country",
                "supplier_country: {value} is not known here, and the row does not say where it is seated.",
                "Add a column with the supplier's country or GSTIN, or make the supplier known first.",
                field="supplier_country",
                value=repr(name[:60]),
            )
        code = _code(said if said and said != name and len(said) <= 40 else name)
        if Supplier.objects.filter(code=code).exists():
            code = _code(f"{code[:30]}-{number[-8:]}" if number else f"{code[:36]}-2")
        role = text_of(row, "supplier_role").lower()
        set_supplier(code=code, name=name, country_code=country, role=role, tax_id=number)
        self.created.append(code)
        return Supplier.objects.get(code=code)


def _is_gstin(text: str) -> bool:
    try:
        tax.gstin(text)
    except ValueError:
        return False
    return True


def _find(said: str, number: str) -> Supplier | None:
    if number:
        found = list(Supplier.objects.filter(tax_id=number)[:2])
        if len(found) == 1:
            return found[0]
    by_code = Supplier.objects.filter(code=said[:40]).first() if said else None
    if by_code is not None or not said:
        return by_code
    found = list(Supplier.objects.filter(name__iexact=said)[:2])
    if len(found) > 1:
        raise refuse(
            "supplier.ambiguous",
            "supplier: {value} is the name of {first} and {second}.",
            "Write the supplier's code.",
            field="supplier",
            value=repr(said[:60]),
            first=found[0].code,
            second=found[1].code,
        )
    return found[0] if found else None


def _code(name: str) -> str:
    """Return a code for a supplier that has only a name."""
    return re.sub(r"[^A-Z0-9._/-]+", "-", name.upper()).strip("-")[:40] or "SUPPLIER"
