"""How ``karkhana localise`` speaks to a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from rich.console import Console
from rich.table import Table

from karkhana.localisation.built.book import Total
from karkhana.localisation.built.results import LINES_SHOWN, Month, Spread
from karkhana.localisation.rules.pieces import DOUBTS, Line

CONSOLE = Console(highlight=False)
DOUBTS_SHOWN = 20


def rupees(amount: Decimal) -> str:
    """Write rupees with two decimals and Indian grouping: 12,34,567.89."""
    text = f"{abs(amount):.2f}"
    whole, _, part = text.partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return f"{'-' if amount < 0 else ''}{','.join([*groups, tail])}.{part}"


def head(title: str, method: str, parameters: dict[str, str]) -> None:
    """Say what was valued, by what."""
    CONSOLE.print(title, style="bold", markup=False)
    chosen = ", ".join(f"{name}={value}" for name, value in sorted(parameters.items()))
    CONSOLE.print(f"{method}{f' ({chosen})' if chosen else ''}", markup=False)


def percent(least: str, most: str, certified: str, grade: str) -> None:
    """Say the percentage large, and its range where a change-over leaves one."""
    CONSOLE.print()
    CONSOLE.print(f"  {least} % local{f'   {grade}' if grade else ''}", style="bold reverse", markup=False)
    span = f"may be up to {most} %, as more than one lot is possible; " if most != least else ""
    CONSOLE.print(f"  {span}a certificate may say {certified} %", markup=False)
    CONSOLE.print()


def designed(usual: str, least: str, most: str, grade: str, unpriced: Sequence[str]) -> None:
    """Say the percentage of a design, how far the choice of sources goes, and what it leaves out."""
    CONSOLE.print()
    CONSOLE.print(f"  {usual} % local{f'   {grade}' if grade else ''}", style="bold reverse", markup=False)
    CONSOLE.print(f"  by the choice of sources and alternates {least} to {most} %", markup=False)
    if unpriced:
        names = ", ".join(unpriced[:DOUBTS_SHOWN]) + (" ..." if len(unpriced) > DOUBTS_SHOWN else "")
        CONSOLE.print(
            f"  no class is claimed, as {len(unpriced)} of the parts have no price: {names}",
            markup=False,
            style="yellow",
        )
    CONSOLE.print()


def sums(denominator: Decimal, imported: Decimal) -> None:
    """Say the two figures behind the percentage."""
    CONSOLE.print(
        f"  of INR {rupees(denominator)} not local: INR {rupees(imported)},"
        f" local: INR {rupees(denominator - imported)}",
        markup=False,
    )


def spread(found: Spread) -> None:
    """Say how single units differ."""
    classes = ", ".join(f"{name or 'no class'}: {units:,}" for name, units in sorted(found.classes.items()))
    CONSOLE.print(
        f"  units from {found.least} to {found.most} %, mean {found.mean} %; {classes}", markup=False
    )


def months(found: Sequence[Month]) -> None:
    """List the months."""
    table = Table("month", "units", "% local", "class")
    for row in found:
        table.add_row(row.month, f"{row.units:,}", str(row.figures.percent_min), row.grade)
    CONSOLE.print(table)


def unit_lines(lines: Iterable[Line]) -> None:
    """List the lines of one unit, the dearest import first."""
    table = Table("part", "lot", "from", "origin", "quantity", "INR", "of that local", "why")
    for line in sorted(lines, key=lambda line: (line.local_value - line.value, line.part)):
        lot = line.lot if len(line.lots) < 2 else f"{line.lot} or {len(line.lots) - 1} more"
        table.add_row(
            line.part, lot, line.supplier, line.origin, f"{line.quantity.normalize():f}",
            rupees(line.value), rupees(line.local_value), line.why,
        )  # fmt: skip
    CONSOLE.print(table)


def period_lines(lines: Sequence[Total], *, all_lines: bool) -> None:
    """List what all units took, the greatest import first."""
    table = Table("part", "from", "origin", "channel", "INR", "of that local", "why")
    for line in lines if all_lines else lines[:LINES_SHOWN]:
        table.add_row(
            line.part, line.supplier, line.origin, line.channel,
            rupees(line.value), rupees(line.local_value), line.why,
        )  # fmt: skip
    CONSOLE.print(table)
    if not all_lines and len(lines) > LINES_SHOWN:
        CONSOLE.print(f"{len(lines) - LINES_SHOWN} more lines: --all-lines", markup=False)


def unproved(rows: Sequence[tuple[str, str, str, int]]) -> None:
    """List what a claim cannot rest on yet."""
    if not rows:
        CONSOLE.print("Everything is proved.", style="bold")
        return
    CONSOLE.print(f"Not proved: {len(rows)}", style="bold")
    for code, part, detail, _ in sorted(rows, key=lambda row: (-row[3], row[:3]))[:DOUBTS_SHOWN]:
        where = " ".join(text for text in (part, detail) if text)
        CONSOLE.print(f"  {where}: {DOUBTS[code]}", markup=False)
    if len(rows) > DOUBTS_SHOWN:
        CONSOLE.print(f"  and {len(rows) - DOUBTS_SHOWN} more: --json", markup=False)


def left_out(product: str, why: str, units: int) -> None:
    """Say which units are in no figure."""
    CONSOLE.print(f"Left out: {units:,} units of {product}. {why}", style="bold", markup=False)
