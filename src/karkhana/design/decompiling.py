"""The way back from a release package to a plan: where a new revision starts when only the package is known.

Pure. Compiling the plan again with the package's bill gives the same package but for what no plan can say,
such as another dealing of parts to feeders.
"""

from __future__ import annotations

from karkhana.design.plan import Plan, PlanStep
from karkhana.design.release import ReleasePackage, Step


def plan_of_package(package: ReleasePackage) -> Plan:
    """Return a plan whose steps name their parts one by one."""
    return Plan(
        steps=tuple(_step(step) for step in package.steps),
        panel_positions=package.panel_positions,
        repair_limit=package.repair_limit,
        identities=package.identities,
        firmware=package.firmware,
        pack=package.pack,
        labels=package.labels,
        documents=package.documents,
        compliance=package.compliance,
        markets=package.markets,
        trolley=_trolley(package),
    )


def _step(step: Step) -> PlanStep:
    return PlanStep(
        number=step.number * 10,
        name=step.name,
        station_type=step.station_type,
        passed_by=step.passed_by,
        skill=step.skill,
        materials=tuple(material.part for material in step.materials),
        key_parts=step.key_parts,
        identities=step.identities,
        firmware=step.firmware,
        reentry=None if step.reentry is None else step.reentry * 10,
        cycle_time_ms=step.cycle_time_ms,
        tests=step.tests,
    )


def _trolley(package: ReleasePackage) -> str:
    slots = (material.location for step in package.steps for material in step.materials if material.location)
    return next(slots, "A")[:1]
