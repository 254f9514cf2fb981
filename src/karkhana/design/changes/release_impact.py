"""What changes between two release packages besides the bill: steps, tests, firmware, skills. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from karkhana.design.release import KeyPart, ReleasePackage, Step

Row = dict[str, Any]


def release_impact(old: ReleasePackage, new: ReleasePackage) -> dict[str, Any]:
    """Tell what changes, as rows of ``{"what", "change", "from", "to"}`` by table.

    Returns:
        ``steps``, ``tests`` (with ``step``), ``firmware``, ``identities``, ``labels``, ``documents``,
        ``compliance``, ``key_parts``, ``settings``; ``skills`` newly needed; ``parts``: part numbers that go
        (``out``) and come (``in``).
    """
    return {
        "steps": _steps(old.steps, new.steps),
        "tests": _tests(old.steps, new.steps),
        "key_parts": _rows(_key_parts(old), _key_parts(new), lambda part: part[0], lambda part: part[1]),
        "firmware": _rows(
            old.firmware, new.firmware,
            lambda rule: " ".join((rule.target, *rule.markets)),
            lambda rule: f"{rule.version} {rule.sha256[:12]}",
        ),
        "identities": _rows(old.identities, new.identities, lambda rule: rule.kind, _said),
        "labels": _rows(old.labels, new.labels, lambda rule: rule.name, _said),
        "documents": _rows(old.documents, new.documents, lambda one: one.name, lambda one: one.sha256[:12]),
        "compliance": _rows(old.compliance, new.compliance, lambda one: one.code, _said),
        "settings": _settings(old, new),
        "skills": sorted(_skills(new) - _skills(old)),
        "parts": {
            "out": sorted(parts_of(old) - parts_of(new)),
            "in": sorted(parts_of(new) - parts_of(old)),
        },
    }  # fmt: skip


def parts_of(package: ReleasePackage) -> set[str]:
    """Return every part number that a unit may be built from."""
    found = {item.part for item in package.bom if item.fitted and item.assembly is None}
    found |= {source.part for item in package.bom if item.fitted for source in item.alternates}
    for step in package.steps:
        for part in (*step.materials, *step.key_parts):
            found |= {part.part, *part.alternates}
    return found


def _skills(package: ReleasePackage) -> set[str]:
    return {step.skill for step in package.steps if step.skill}


def _key_parts(package: ReleasePackage) -> list[tuple[str, str]]:
    def said(part: KeyPart) -> str:
        names = " / ".join((part.part, *part.alternates))
        return f"{names} ({' '.join(part.revisions)})" if part.revisions else names

    return [(part.role, said(part)) for step in package.steps for part in step.key_parts]


def _settings(old: ReleasePackage, new: ReleasePackage) -> list[Row]:
    names = ("panel_positions", "repair_limit", "pack", "markets", "segment")
    return [
        {"what": name, "change": "changed", "from": _text(a), "to": _text(b)}
        for name in names
        if (a := getattr(old, name)) != (b := getattr(new, name))
    ]  # fmt: skip


def _steps(old: Sequence[Step], new: Sequence[Step]) -> list[Row]:
    """Compare routes by the names of their steps; one that only moved says its two numbers."""

    def said(step: Step) -> str:
        facts = [f"{step.number}", step.station_type, step.passed_by]
        facts += [f"skill {step.skill}"] if step.skill else []
        facts += [f"{step.cycle_time_ms} ms"] if step.cycle_time_ms else []
        facts += [f"back to {step.reentry}"] if step.reentry else []
        return ", ".join(facts)

    return _rows(old, new, lambda step: step.name, said)


def _tests(old: Sequence[Step], new: Sequence[Step]) -> list[Row]:
    def limits(steps: Sequence[Step]) -> dict[tuple[str, str], str]:
        return {
            (step.name, test.name): _limits(test.low, test.high, test.unit_of_measure, test.required)
            for step in steps
            for test in step.tests
        }

    before, after = limits(old), limits(new)
    return [
        {"step": step, "what": name, "change": change, "from": a, "to": b}
        for (step, name), change, a, b in _changes(before, after)
    ]


def _limits(low: Decimal | None, high: Decimal | None, unit: str, required: bool) -> str:
    """Write limits as ``10 … 20.5 dBm``."""
    span = f"{'' if low is None else low} … {'' if high is None else high} {unit}".strip()
    return span if required else f"{span} (optional)"


def _rows(
    old: Iterable[Any], new: Iterable[Any], name: Callable[[Any], str], said: Callable[[Any], str]
) -> list[Row]:
    before = {name(one): said(one) for one in old}
    after = {name(one): said(one) for one in new}
    return [
        {"what": key, "change": change, "from": a, "to": b} for key, change, a, b in _changes(before, after)
    ]


def _changes(before: dict[Any, str], after: dict[Any, str]) -> Iterable[tuple[Any, str, str, str]]:
    for key in [*before, *(key for key in after if key not in before)]:
        a, b = before.get(key), after.get(key)
        if a != b:
            change = "added" if a is None else "removed" if b is None else "changed"
            yield key, change, a or "", b or ""


def _said(one: Any) -> str:
    """Write a small struct as its values, what is empty left out."""
    values = msgspec.to_builtins(one)
    return ", ".join(
        f"{key} {_text(value)}" for key, value in values.items() if value not in (None, "", [], ())
    )


def _text(value: Any) -> str:
    if isinstance(value, msgspec.Struct):
        return _said(value)
    if isinstance(value, (list, tuple)):
        return " ".join(map(_text, value)) or "any"
    return str(value)
