"""Reads the criteria of each group of segments from ``criteria/*.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

import msgspec

from karkhana.design.stages import STAGES
from karkhana.design.stages.rules import Criteria


class Group(msgspec.Struct, frozen=True):
    """The criteria of one group of segments, by stage, and where they come from."""

    name: str
    source: str
    segments: tuple[str, ...]
    stages: dict[str, Criteria]


@cache
def groups() -> tuple[Group, ...]:
    """Return all groups; the files are part of the program, so a fault in one is a fault of the program."""
    folder = resources.files("karkhana.design.stages").joinpath("criteria")
    found = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        document = tomllib.loads(file.read_text(encoding="utf-8"))
        stages = {stage: msgspec.convert(document.pop(stage), Criteria) for stage in STAGES}
        found.append(msgspec.convert(document | {"name": file.name[:-5], "stages": stages}, Group))
    return tuple(found)


def group_of(segment: str) -> Group:
    """Return the group of a segment; one that no group names is judged as a device."""
    by_name = {group.name: group for group in groups()}
    return next((group for group in groups() if segment in group.segments), by_name["device"])
