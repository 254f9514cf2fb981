"""Reads files of a scenario: CSV tables and TOML into structs; a refusal names the file, line and field.

Owns how a file becomes values (``scenario.file_missing``, ``scenario.field``); what they mean is the
business of whoever asks.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from karkhana.kernel.refusals import Refused, refuse

T = TypeVar("T", bound=msgspec.Struct)


def _number(text: str) -> Decimal:
    value = Decimal(text)
    if not value.is_finite():
        raise ValueError(text)
    return value


def rows_of(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV file with the number of their line.

    Raises:
        Refused: ``scenario.file_missing``.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise missing(path) from None
    reader = csv.DictReader(text.splitlines())
    return [(reader.line_num, row) for row in reader]


_CONVERT: dict[str, Callable[[str], Any]] = {
    "int": int,
    "bool": {"yes": True, "no": False}.__getitem__,
    "tuple[str, ...]": lambda text: tuple(text.split()),
    "Decimal": _number,
    "Decimal | None": lambda text: _number(text) if text else None,
}


def table_of(path: Path, kind: type[T]) -> tuple[T, ...]:
    """Read a CSV file whose columns are the fields of a struct.

    Raises:
        Refused: ``scenario.file_missing``, ``scenario.field``.
    """
    fields = kind.__annotations__
    found = []
    for line, row in rows_of(path):
        values = {}
        for name, annotation in fields.items():
            text = row.get(name)
            if text is None:
                raise bad_field(path, line, name, "it is missing")
            try:
                values[name] = _CONVERT.get(str(annotation), str)(text.strip())
            except (ValueError, KeyError, InvalidOperation):
                raise bad_field(path, line, name, f"{text!r} does not fit") from None
        found.append(kind(**values))
    return tuple(found)


def toml_of(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        Refused: ``scenario.file_missing``, ``scenario.field``.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise missing(path) from None
    except tomllib.TOMLDecodeError as problem:
        raise bad_field(path, 0, "", str(problem)) from None


def converted(path: Path, value: Any, kind: type[T]) -> T:
    """Turn what a TOML file holds into a struct.

    Raises:
        Refused: ``scenario.field``.
    """
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as problem:
        raise bad_field(path, 0, str(problem).rpartition("`")[0].rpartition("`")[2], str(problem)) from None


def missing(path: Path) -> Refused:
    """Return the refusal of a scenario without a file."""
    return refuse(
        "scenario.file_missing",
        "The scenario has no file {file}.",
        "Restore the file, or start from a copy of scenarios/noida.",
        file=path.name,
    )


def bad_field(path: Path, line: int, field: str, problem: str) -> Refused:
    """Return the refusal of one value of a file."""
    return refuse(
        "scenario.field",
        "{file}, line {line}, field {field}: {problem}.",
        "Correct that value.",
        file=f"{path.parent.name}/{path.name}",
        line=line,
        field=field,
        problem=problem,
    )


def unknown(file: str, field: str, value: str) -> Refused:
    """Return the refusal of a name that no other file explains."""
    return refuse(
        "scenario.reference",
        "{file} names {field} {value}, which the scenario does not have.",
        "Add it, or correct the name.",
        file=file,
        field=field,
        value=value,
    )
