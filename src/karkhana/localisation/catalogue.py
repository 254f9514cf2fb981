"""The methods that come with the program, read from their files, and where their figures come from."""

from __future__ import annotations

import datetime as dt
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

import msgspec

from karkhana.kernel.refusals import refuse
from karkhana.localisation.rules.methods import Method, read_method


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a figure comes from."""

    kind: Literal["official", "secondary", "own"]
    title: str
    address: str


@cache
def sources() -> dict[str, Source]:
    """Return the sources by key."""
    text = resources.files(__package__).joinpath("methods", "sources.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=dict[str, Source])


@cache
def methods() -> tuple[Method, ...]:
    """Return every method of the program, by id and date."""
    folder = resources.files(__package__).joinpath("methods")
    files = sorted(
        (item for item in folder.iterdir() if item.name.endswith(".toml")), key=lambda item: item.name
    )
    found = [
        read_method(item.read_text("utf-8"), name=item.name) for item in files if item.name != "sources.toml"
    ]
    return tuple(sorted(found, key=lambda method: (method.id, method.valid_from)))


def method_for(name: str, day: dt.date) -> Method:
    """Return the method of a name that holds on a day.

    Args:
        name: its id, such as ``PPP_MII``, in any case; or the path of a method file of one's own.

    Raises:
        Refused: ``method.unknown``, ``method.not_then``, ``method.file``.
    """
    if name.endswith(".toml"):
        return _own(Path(name))
    named = [method for method in methods() if method.id == name.upper()]
    if not named:
        raise refuse(
            "method.unknown",
            "There is no method {name}.",
            "Choose one of: {known}.",
            name=name[:60],
            known=", ".join(sorted({method.id for method in methods()})),
        )
    held = [m for m in named if m.valid_from <= day and (m.valid_to is None or day <= m.valid_to)]
    if not held:
        raise refuse(
            "method.not_then",
            "{name} does not hold on {day}.",
            "It holds from {first}.",
            name=named[0].id,
            day=day.isoformat(),
            first=named[0].valid_from.isoformat(),
        )
    return held[-1]


def _own(path: Path) -> Method:
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise refuse(
            "method.file",
            "The method file {file} cannot be used: {reason}",
            "Correct it; docs/local-value.md shows what a method file holds.",
            file=path.name[:120],
            reason=str(error)[:200],
        ) from None
    return read_method(text, name=path.name)
