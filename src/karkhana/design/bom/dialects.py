"""Naming the dialect of a bill. The name informs a person; nothing is read differently because of it."""

from __future__ import annotations

import re

from karkhana.design.bom import words
from karkhana.design.bom.headers import Header
from karkhana.design.bom.model import Grid

_KICAD_FOOTPRINT = re.compile(r"^[\w.+ -]+:[\w.+-]+")


def name_dialect(header: Header, grid: Grid, delimiter: str) -> str:
    """Name the program or template that wrote the table, ``generic`` when nothing tells."""
    labels = [words.fold(label) for label in header.labels if label]
    have = set(labels)
    text = "\n".join(" ".join(row.filled())[:300] for row in grid.rows[:12]).lower()
    return (
        _by_text(text)
        or _by_template(header, have)
        or _by_program(labels, have, delimiter)
        or ("kicad" if _kicad_footprints(grid) else "generic")
    )


def _by_text(text: str) -> str:
    """What the lines above the table say."""
    if "bill of materials" in text and re.search(r"page\s*\d", text):
        return "orcad-report"
    if "eagle version" in text or re.search(r"^partlist", text, re.MULTILINE):
        return "eagle"
    if re.search(r"eeschema|kicad|generator:.*bom|collated components|individual components", text):
        return "kibot" if re.search(r"kibot|kibom|component groups", text) else "kicad"
    return "octopart" if "octopart" in text or "batch size" in text else ""


def _by_template(header: Header, have: set[str]) -> str:
    """Templates of assemblers and of exports with headings of their own."""
    starred = sum(label.strip().startswith("*") for label in header.labels)
    if starred >= 2 or {"mfg part", "your instructions notes"} <= have:
        return "pcbway"
    if "quantity per pcb" in have and ("references" in have or "part" in have):
        return "kibot"
    if {"name", "designator", "footprint", "quantity"} <= have and (
        "id" in have or "manufacturer part" in have
    ):
        return "easyeda"
    if {"designator", "footprint", "quantity"} <= have and {"manufacturer part", "supplier part"} & have:
        return "easyeda"
    numbers = {"lcsc part", "jlcpcb part", "lcsc", "lcsc part number", "jlcpcb part number", "jlcpcb"}
    plain = any(label in numbers or label.startswith("jlcpcb") for label in have)
    return "jlcpcb" if plain and {"designator", "comment"} <= have else ""


def _by_program(labels: list[str], have: set[str], delimiter: str) -> str:
    """Schematic programs by the set and order of their headings."""
    if {"id", "designator", "footprint", "quantity", "designation"} <= have:
        return "kicad"
    if {"part", "value", "device", "package"} <= have or {"qty", "value", "device", "parts"} <= have:
        return "eagle"
    if {"cmp name", "libpart"} & have or {"reference", "value", "footprint"} <= have:
        return "kicad"
    if {"reference s", "value", "footprint"} <= have or {"reference", "value", "datasheet"} <= have:
        return "kicad"
    altium = {
        "comment",
        "description",
        "designator",
        "footprint",
        "libref",
        "quantity",
        "part description",
    } & have
    if {"comment", "designator"} <= have and (len(altium) >= 3):
        return "altium"
    if "libref" in have or "designitemid" in have or "design item id" in have:
        return "altium"
    if delimiter == "\t" and labels[:3] == ["item", "quantity", "reference"]:
        return "orcad-report"
    return ""


def _kicad_footprints(grid: Grid) -> bool:
    """Whether footprints carry a library name, as only KiCad writes them."""
    sample = grid.rows[1:60]
    hits = sum(any(_KICAD_FOOTPRINT.match(cell) and "//" not in cell for cell in row.cells) for row in sample)
    return hits * 2 > len(sample) > 0
