"""From what a trace says is in a unit to the uses that the rules value.

What a unit took is counted once per place of its release, as it is now: a step that was done again took from
the reels of either time, so both stay possible, but its quantity counts once. Key parts that were taken out
do not count. A sub-assembly built here is looked through: its own parts count, not its price.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from karkhana.localisation.rules.pieces import Piece, Use

SMT = ("SMT", "PLACE", "PRINT")
"""Station types, or how they begin, whose step puts parts on a board."""
ONE = Decimal(1)


def process_of(station_type: str) -> str:
    """Return what is done at a type of station, as rules of deeming name it; empty when none asks for it."""
    name = station_type.upper()
    return "smt" if any(name == word or name.startswith(f"{word}-") for word in SMT) else ""


@dataclass(slots=True)
class Taken:
    """What one unit took at one place: the part as released, and the lots that it may have come from."""

    part: str
    place: str
    quantity: Decimal
    process: str = ""
    lots: set[str] = field(default_factory=set)

    def use(self, pieces: Mapping[str, tuple[Piece, ...]]) -> Use:
        """Return it as the rules take it."""
        found = pieces_among(self.lots, pieces)
        return Use(self.part, self.place, self.quantity, found, self.process)


def pieces_among(lots: Iterable[str], pieces: Mapping[str, tuple[Piece, ...]]) -> tuple[Piece, ...]:
    """Return every piece that some lots may be, each once."""
    return tuple(dict.fromkeys(piece for lot in sorted(lots) for piece in pieces[lot]))


def taken_by(contents: dict[str, Any], inside: str = "") -> Iterator[Taken]:
    """List what a unit took, with what its sub-assemblies took.

    Args:
        contents: of ``floor.trace.unit_contents``.
        inside: the roles that lead to it, empty for the unit itself.
    """
    yield from _bulk(contents["materials"], inside)
    for child in contents["installed"]:
        place = f"{inside}{child['role']}"
        if child["unit"] is not None:
            yield from taken_by(child["unit"], f"{place} / ")
        else:
            yield Taken(child["part"], place, ONE, lots={child["lot"]} if child["lot"] else set())


def _bulk(materials: list[dict[str, Any]], inside: str) -> Iterator[Taken]:
    """Join the windows of each step: one use per material of the release."""
    found: dict[tuple[int, int], Taken] = {}
    for row in materials:
        key = (row["step"], row["item"])
        if key not in found:
            place = f"{inside}step {row['step']}"
            found[key] = Taken(row["part"], place, row["quantity"], process_of(row["station_type"]))
        found[key].lots |= {mount["lot"] for mount in row["candidates"]}
    yield from found.values()


def lineages_in(contents: dict[str, Any]) -> dict[str, list[str]]:
    """Return a unit and the sub-assemblies in it, each with what it was taken from."""
    found = {contents["serial"]: [row["serial"] for row in contents["lineage"]]}
    for child in contents["installed"]:
        if child["unit"] is not None:
            found |= lineages_in(child["unit"])
    return found


def roles_in(contents: dict[str, Any], inside: str = "") -> dict[str, str]:
    """Return the roles that lead to a unit and to each sub-assembly in it, as a place begins."""
    found = {contents["serial"]: inside}
    for child in contents["installed"]:
        if child["unit"] is not None:
            found |= roles_in(child["unit"], f"{inside}{child['role']} / ")
    return found
