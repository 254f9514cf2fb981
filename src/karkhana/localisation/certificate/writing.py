"""Puts the data of a certificate into the words, rows and columns of its document. Pure.

The document and the workbook are made of what stands here, so that they cannot say different things.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any

from karkhana.kernel.money import EXACT
from karkhana.kernel.tax import printed_hsn

ZERO = Decimal(0)
Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A table of the annexure. ``widths`` are shares of the page, 0: as wide as it needs.

    ``right`` and ``mono`` are the places of columns that stand to the right, or hold hashes.
    """

    title: str
    said: str
    head: tuple[str, ...]
    widths: tuple[int, ...]
    right: tuple[int, ...]
    rows: tuple[tuple[str, ...], ...]
    mono: tuple[int, ...] = ()


def grouped(text: str) -> str:
    """Write a number with Indian grouping: 1234567.50 becomes 12,34,567.50."""
    sign, text = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, rest = text.partition(".")
    head, groups = whole[:-3], [whole[-3:]]
    while head:
        head, group = head[:-2], head[-2:]
        groups.insert(0, group)
    return sign + ",".join(groups) + dot + rest


def rupees(amount: Decimal | str) -> str:
    """Write an amount to two decimals, rounded half up, with Indian grouping; exact ones are in the data."""
    with localcontext(EXACT):
        return grouped(str(Decimal(amount).quantize(Decimal("0.01"), ROUND_HALF_UP)))


def units_said(count: int) -> str:
    """Write a number of units: ``1 unit``, ``1,234 units``."""
    return f"{grouped(str(count))} unit{'' if count == 1 else 's'}"


def number(text: str) -> str:
    """Write a quantity with Indian grouping."""
    return grouped(text)


def _sum(rows: Iterable[Data], name: str) -> Decimal:
    with localcontext(EXACT):
        return sum((Decimal(row[name]) for row in rows), ZERO)


def _gathered(rows: Iterable[Data], keys: tuple[str, ...]) -> list[tuple[tuple[str, ...], list[Data]]]:
    """Put the rows of lots that are alike together, in order of their keys."""
    found: dict[tuple[str, ...], list[Data]] = {}
    for row in rows:
        found.setdefault(tuple(row[key] for key in keys), []).append(row)
    return sorted(found.items())


def _channel(data: Data, *channels: str) -> list[Data]:
    return [row for row in data["lines"] if row["channel"] in channels]


def _supplier(row: Data) -> str:
    return str(row["supplier_name"] or row["supplier"])


def _table(
    rows: list[Data],
    keys: tuple[str, ...],
    first: Callable[[Data], tuple[str, ...]],
    amounts: tuple[str, ...],
) -> tuple[tuple[str, ...], ...]:
    """One row for what is alike: its names, pieces, amounts; and a last one with the sums."""
    if not rows:
        return ()
    made = [
        (*first(like[0]), number(_plain(_sum(like, "quantity"))), *(rupees(_sum(like, a)) for a in amounts))
        for _, like in _gathered(rows, keys)
    ]
    blank = len(first(rows[0]))
    total = ("Total", *[""] * blank, *(rupees(_sum(rows, a)) for a in amounts))
    return (*made, total)


def _plain(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _not_local(rows: list[Data]) -> list[Data]:
    """Add what counts as imported to each row."""
    with localcontext(EXACT):
        return [{**row, "imported": _plain(Decimal(row["value"]) - Decimal(row["local"]))} for row in rows]


def parts(data: Data) -> tuple[Part, ...]:
    """Return the tables of the annexure."""
    return (
        _computation(data),
        *_materials(data),
        _paid(data),
        _documents(data),
        _choices(data),
        _figures(data),
    )


def _computation(data: Data) -> Part:
    result, units = data["result"], Decimal(data["period"]["units"])

    def per_unit(name: str) -> str:
        with localcontext(EXACT):
            return rupees(Decimal(result[name]) / units)

    rows = [
        ("Value of the item, net of indirect taxes", rupees(result["denominator"]), per_unit("denominator")),
        ("Less: imported content", rupees(result["imported"]), per_unit("imported")),
        ("Local content", rupees(result["local"]), per_unit("local")),
    ]
    said = (
        f"For {units_said(data['period']['units'])}. Local content divided by {rupees(result['divisor'])}:"
        f" {result['percent']} %, cut to {result['certified']} %. Single units lie between"
        f" {result['unit_least']} % and {result['unit_most']} %"
        + "".join(
            f"; of {name or 'no class'}: {number(str(count))}" for name, count in result["classes"].items()
        )
        + "."
    )
    return Part("A. Computation", said, ("", "All units, ₹", "Per unit, ₹"), (6, 3, 3), (1, 2), tuple(rows))


def _materials(data: Data) -> tuple[Part, ...]:
    names = ("part", "hsn", "supplier", "origin")

    def first(row: Data) -> tuple[str, ...]:
        return row["part"], printed_hsn(row["hsn"]), _supplier(row), row["origin"] or "–"

    head = ("Part", "HSN", "Supplier", "Origin", "Pieces")
    imports = _not_local(_channel(data, "import"))
    resold = _not_local(_channel(data, "reseller"))
    bought = _not_local(_channel(data, "domestic"))
    rest = _not_local(_channel(data, "consigned", "unknown"))
    return (
        Part(
            "B. Imported by the maker",
            "Value at the border and customs duties that are not credited.",
            (*head, "CIF, ₹", "Duty, ₹", "Imported, ₹"),
            (5, 3, 5, 2, 3, 4, 4, 4),
            (4, 5, 6, 7),
            _table(imports, names, first, ("cif", "duty", "imported")),
        ),
        Part(
            "C. Imported items bought in the country",
            "Of resellers and distributors, with the taxes on them.",
            (*head, "Price, ₹", "Tax, ₹", "Imported, ₹"),
            (5, 3, 5, 2, 3, 4, 4, 4),
            (4, 5, 6, 7),
            _table(resold, names, first, ("price", "tax", "imported")),
        ),
        Part(
            "D. Bought of makers in the country",
            "Local as far as the supplier certifies it.",
            (*head[:3], "Counted because", "Pieces", "Price, ₹", "Local, ₹", "Imported, ₹"),
            (4, 3, 4, 5, 3, 4, 4, 4),
            (4, 5, 6, 7),
            _table(
                bought,
                ("part", "hsn", "supplier", "why"),
                lambda row: (row["part"], printed_hsn(row["hsn"]), _supplier(row), row["why"]),
                ("price", "local", "imported"),
            ),
        ),
        Part(
            "E. Material handed in by the brand",
            "At its declared value.",
            (*head, "Value, ₹", "Local, ₹", "Imported, ₹"),
            (5, 3, 5, 2, 3, 4, 4, 4),
            (4, 5, 6, 7),
            _table(rest, names, first, ("value", "local", "imported")),
        ),
    )  # fmt: skip


COUNTED = {
    "local": "local",
    "imported": "imported content",
    "denominator": "value of the item",
    "left_out": "not counted",
}


def _paid(data: Data) -> Part:
    rows = tuple(
        (
            row["kind"].replace("_", " "),
            row["party"] or "–",
            row["document"] or "–",
            COUNTED[row["counted"]],
            rupees(row["amount"]),
        )
        for row in data["paid"]
    )
    return Part(
        "F. Price, royalties, licences and other terms",
        "For all units together. What is paid abroad is imported content.",
        ("Term", "Paid to", "Document", "Counted as", "Amount, ₹"),
        (4, 4, 5, 4, 4),
        (4,),
        rows,
    )


def _documents(data: Data) -> Part:
    rows = tuple(
        (row["kind"], row["number"], row["detail"], row["sha256"] or "file not kept here")
        for row in data["documents"]
    )
    return Part(
        "G. Documents",
        "Bills of entry and suppliers' certificates, with the SHA-256 of their files.",
        ("Kind", "Number", "", "SHA-256"),
        (3, 4, 5, 9),
        (),
        rows,
        mono=(3,),
    )


def _choices(data: Data) -> Part:
    rows = tuple(
        (row["name"].replace("_", " "), row["value"].replace("_", " "), row["meaning"], row["status"])
        for row in data["method"]["parameters"]
    )
    return Part(
        "H. Choices that the rules leave open",
        "",
        ("Choice", "Taken", "What it means", "Status"),
        (3, 4, 9, 2),
        (),
        rows,
    )


def _figures(data: Data) -> Part:
    rows = tuple(
        (row["place"].replace(".", " "), row["status"], row.get("title", row["source"]))
        for row in data["method"]["figures"]
    )
    return Part(
        "I. Where the rules are written",
        "",
        ("Rule", "Status", "Source"),
        (4, 2, 9),
        (),
        rows,
    )
