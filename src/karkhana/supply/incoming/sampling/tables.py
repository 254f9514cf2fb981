"""Reads the tables of ISO 2859-1:1999 from their data file, once."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

NORMAL, TIGHTENED, REDUCED = "normal", "tightened", "reduced"
SEVERITIES = (NORMAL, TIGHTENED, REDUCED)


@dataclass(frozen=True, slots=True)
class Master:
    """One master table: sample size by letter, and by (letter, AQL) the cell as printed."""

    clause: str
    letters: tuple[str, ...]
    samples: dict[str, int]
    cells: dict[tuple[str, Decimal], str]


@dataclass(frozen=True, slots=True)
class Switching:
    """The numbers of clause 9; the data file says what each one is."""

    tighten_refused: int
    tighten_among: int
    relax_accepted: int
    reduce_score: int
    score_small: int
    score_large: int
    discontinue_refused: int


@dataclass(frozen=True, slots=True)
class Tables:
    """The standard as data.

    Args:
        aqls: in per cent nonconforming, ascending.
        lots: (largest lot of the row, level to letter), ascending; None has no end.
        masters: severity to its master table.
    """

    standard: str
    aqls: tuple[Decimal, ...]
    levels: tuple[str, ...]
    lots: tuple[tuple[int | None, dict[str, str]], ...]
    masters: dict[str, Master]
    switching: Switching


@lru_cache(maxsize=1)
def tables() -> Tables:
    """Return the tables.

    Raises:
        ValueError: the data file is not whole, which is a fault of the program.
    """
    text = files(__package__).joinpath("iso_2859_1.toml").read_text("utf-8")
    data = tomllib.loads(text)
    aqls = tuple(Decimal(value) for value in data["aql"])
    letters = data["code_letters"]
    levels = tuple(letters["levels"])
    lots = tuple(
        (row.get("up_to"), dict(zip(levels, row["letters"].split(), strict=True))) for row in letters["lots"]
    )
    masters = {severity: _master(data[severity], aqls) for severity in SEVERITIES}
    numbers = {name: value for name, value in data["switching"].items() if name != "clause"}
    return Tables(data["standard"], aqls, levels, lots, masters, Switching(**numbers))


def _master(data: dict[str, object], aqls: tuple[Decimal, ...]) -> Master:
    rows = data["plans"]
    assert isinstance(rows, list)
    cells = {
        (row["letter"], aql): cell
        for row in rows
        for aql, cell in zip(aqls, row["accept"].split(), strict=True)
    }
    samples = {row["letter"]: row["sample"] for row in rows}
    return Master(str(data["clause"]), tuple(samples), samples, cells)
