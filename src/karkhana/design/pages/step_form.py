"""The form of one step of a route: as it is filled in, and read into a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from django.http import QueryDict

from karkhana.design.compiling import CLASSES
from karkhana.design.pages import fields
from karkhana.design.plan import END, PlanStep
from karkhana.design.release import KeyPart, PassedBy, TestLimit
from karkhana.design.route_queries import seconds

PASSED_BY: tuple[str, ...] = get_args(PassedBy)
_PLAIN = ("number", "name", "station_type", "passed_by", "skill", "cycle", "materials", "next", "reentry")
_KEY_PART = ("role", "part", "alternates", "tracked", "product", "revisions")
_TEST = ("name", "unit", "low", "high", "required")
BLANK_ROWS = 1
ROWS_MAX = 200
PARTS = "parts"
"""The choice of materials that are named one by one."""


@dataclass(frozen=True, slots=True)
class KeyPartRow:
    """A key part as it stands in the form."""

    role: str = ""
    part: str = ""
    alternates: str = ""
    tracked: str = "serial"
    product: str = ""
    revisions: str = ""


@dataclass(frozen=True, slots=True)
class TestRow:
    """A measurement as it stands in the form."""

    __test__ = False  # not a test class, whatever its name says to pytest

    name: str = ""
    unit: str = ""
    low: str = ""
    high: str = ""
    required: str = "yes"


@dataclass(frozen=True, slots=True)
class StepDraft:
    """A step as it stands in the form: texts, unread."""

    number: str
    name: str
    station_type: str
    passed_by: str
    skill: str
    cycle: str
    materials: str
    material_parts: str
    next: str
    reentry: str
    identities: frozenset[str]
    firmware: frozenset[str]
    key_parts: tuple[KeyPartRow, ...]
    tests: tuple[TestRow, ...]

    @classmethod
    def sent(cls, said: QueryDict) -> StepDraft:
        """Return the form as it was sent."""
        return cls(
            **{name: fields.text(said, name, 400) for name in _PLAIN},
            material_parts=said.get("material_parts", "")[:40_000],
            identities=frozenset(said.getlist("identities")[:ROWS_MAX]),
            firmware=frozenset(said.getlist("firmware")[:ROWS_MAX]),
            key_parts=tuple(
                KeyPartRow(**row)
                for row in _rows(said, "kp", _KEY_PART)
                if any(text for name, text in row.items() if name != "tracked")
            ),
            tests=tuple(
                TestRow(**row)
                for row in _rows(said, "t", _TEST)
                if any(text for name, text in row.items() if name != "required")
            ),
        )

    @property
    def key_part_rows(self) -> tuple[KeyPartRow, ...]:
        """The key parts with blank rows for more."""
        return (*self.key_parts, *(KeyPartRow() for _ in range(BLANK_ROWS)))

    @property
    def test_rows(self) -> tuple[TestRow, ...]:
        """The measurements with blank rows for more."""
        return (*self.tests, *(TestRow() for _ in range(BLANK_ROWS)))


def _rows(said: QueryDict, prefix: str, names: tuple[str, ...]) -> list[dict[str, str]]:
    count = min(fields.rows(said, *(f"{prefix}_{name}" for name in names)), ROWS_MAX)
    return [
        {name: fields.column(said, f"{prefix}_{name}", place) for name in names} for place in range(count)
    ]


def step_draft(step: PlanStep) -> StepDraft:
    """Return a step as it stands in the form."""
    named = not isinstance(step.materials, str)
    return StepDraft(
        number=str(step.number),
        name=step.name,
        station_type=step.station_type,
        passed_by=step.passed_by,
        skill=step.skill or "",
        cycle=seconds(step.cycle_time_ms),
        materials=(PARTS if step.materials else "") if named else str(step.materials),
        material_parts="\n".join(step.materials) if named else "",
        next="" if step.next is None else ("end" if step.next == END else str(step.next)),
        reentry="" if step.reentry is None else str(step.reentry),
        identities=frozenset(step.identities),
        firmware=frozenset(step.firmware),
        key_parts=tuple(
            KeyPartRow(
                role=part.role,
                part=part.part,
                alternates=", ".join(part.alternates),
                tracked="serial" if part.serialised else "lot",
                product=part.product or "",
                revisions=", ".join(part.revisions),
            )
            for part in step.key_parts
        ),
        tests=tuple(
            TestRow(
                name=test.name,
                unit=test.unit_of_measure,
                low="" if test.low is None else format(test.low, "f"),
                high="" if test.high is None else format(test.high, "f"),
                required="yes" if test.required else "no",
            )
            for test in step.tests
        ),
    )


def step_from(draft: StepDraft, old: PlanStep) -> PlanStep:
    """Read the form into a step.

    Args:
        old: the step as it was; identities and firmware keep its order.

    Raises:
        Refused: ``plan.field``, naming the field.
    """
    if draft.passed_by not in PASSED_BY:
        raise fields.not_a(draft.passed_by, "passed by", "event that passes a step")
    if draft.materials not in ("", PARTS, *CLASSES):
        raise fields.not_a(draft.materials, "materials", "class of materials")
    named = fields.words(draft.material_parts) if draft.materials == PARTS else ()
    after = END if draft.next.casefold() == "end" else fields.whole_or_none(draft.next, "next step")
    cycle = fields.decimal(draft.cycle or "0", "cycle time") * 1000
    if cycle != int(cycle) or cycle < 0:
        raise fields.not_a(draft.cycle, "cycle time", "time in whole milliseconds, 0 or more")
    return PlanStep(
        number=fields.whole(draft.number, "number"),
        name=draft.name,
        station_type=draft.station_type,
        passed_by=draft.passed_by,  # type: ignore[arg-type]
        skill=draft.skill or None,
        materials=named if draft.materials in ("", PARTS) else draft.materials,
        key_parts=tuple(_key_part(row) for row in draft.key_parts),
        identities=_kept(old.identities, draft.identities),
        firmware=_kept(old.firmware, draft.firmware),
        reentry=fields.whole_or_none(draft.reentry, "re-entry"),
        cycle_time_ms=int(cycle),
        tests=tuple(_test(row) for row in draft.tests),
        next=after,
    )


def _kept(old: tuple[str, ...], chosen: frozenset[str]) -> tuple[str, ...]:
    return (*(name for name in old if name in chosen), *sorted(chosen - set(old)))


def _key_part(row: KeyPartRow) -> KeyPart:
    return KeyPart(
        part=row.part,
        alternates=fields.words(row.alternates),
        role=row.role,
        serialised=row.tracked != "lot",
        product=row.product or None,
        revisions=fields.words(row.revisions),
    )


def _test(row: TestRow) -> TestLimit:
    return TestLimit(
        name=row.name,
        unit_of_measure=row.unit,
        low=fields.decimal_or_none(row.low, f"{row.name} low"),
        high=fields.decimal_or_none(row.high, f"{row.name} high"),
        required=row.required != "no",
    )
