"""The route of a revision as blocks in the order in which it is walked, and how its time is spread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from karkhana.design.bom_queries import items_of
from karkhana.design.decompiling import plan_of_package
from karkhana.design.models import Revision
from karkhana.design.plan import END, Plan, PlanStep, Problem, route_problems, walk
from karkhana.design.plan_edits import shown_order
from karkhana.design.queries import compiled, stored_plan
from karkhana.design.release import ReleasePackage, decode_package


@dataclass(frozen=True, slots=True)
class Block:
    """One step as it is drawn.

    Args:
        place: in ``Plan.steps``, by which edits name the step; ``position`` in the order that is shown.
        parts: how many different parts the step consumes.
        reached: whether the route gets here.
        jumps_to: number of the step that follows when it is not the block behind, 0 for the end, else None.
        back: place of the step to go back to after a repair, None when it is this one or none.
    """

    place: int
    position: int
    step: PlanStep
    parts: int
    reached: bool
    jumps_to: int | None
    back: int | None
    problems: tuple[str, ...]

    @property
    def seconds(self) -> str:
        """The cycle time in seconds, without needless zeros."""
        return seconds(self.step.cycle_time_ms)


@dataclass(frozen=True, slots=True)
class Load:
    """What one unit costs at a station type.

    Args:
        share: length of its bar in per cent. Ovens and ageing rooms take many units at once and hours, so the
            bars are drawn to the longest that is no more than ten times the median; longer ones are ``cut``.
    """

    station_type: str
    ms: int
    steps: int
    share: str
    slowest: bool
    cut: bool

    @property
    def seconds(self) -> str:
        """The time in seconds."""
        return seconds(self.ms)


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route with what is wrong with it: at its blocks, and ``problems`` with the route as a whole."""

    blocks: tuple[Block, ...]
    problems: tuple[str, ...]
    loads: tuple[Load, ...]
    total_ms: int

    @property
    def total_seconds(self) -> str:
        """Working time of one unit in seconds."""
        return seconds(self.total_ms)


def seconds(ms: int) -> str:
    """Write milliseconds as seconds, without needless zeros."""
    whole, rest = divmod(max(ms, 0), 1000)
    return f"{whole}.{rest:03d}".rstrip("0") if rest else str(whole)


def shown_plan(revision: Revision) -> Plan:
    """Return a draft's plan; of a released revision the plan that its package says."""
    if revision.package is None or (revision.plan and revision.review_hash == revision.package_hash):
        return stored_plan(revision)
    return plan_of_package(decode_package(revision.package))


def draft_problems(revision: Revision) -> tuple[Problem, ...]:
    """Return what keeps a draft from being released, by place; nothing of a released one."""
    return compiled(revision, items_of(revision))[2] if revision.package is None else ()


def route_view(revision: Revision) -> RouteView:
    """Return the route of a revision."""
    plan = shown_plan(revision)
    if revision.package is None:
        package, _, problems = compiled(revision, items_of(revision))
    else:
        package, problems = decode_package(revision.package), ()
    return view_of(plan, package, problems)


def view_of(plan: Plan, package: ReleasePackage, problems: Sequence[Problem] = ()) -> RouteView:
    """Draw a plan whose compiled package and problems are known."""
    at: defaultdict[str, list[str]] = defaultdict(list)
    for problem in (*route_problems(plan), *problems):
        if problem.text not in at[problem.place]:
            at[problem.place].append(problem.text)
    order = shown_order(plan)
    walked = walk(plan.steps)[0]
    parts = {step.number: len(done.materials) for step, done in zip(walked, package.steps, strict=False)}
    places = {step.number: place for place, step in enumerate(plan.steps)}
    reached = {step.number for step in walked}
    blocks = []
    for position, place in enumerate(order):
        step = plan.steps[place]
        behind = plan.steps[order[position + 1]].number if position + 1 < len(order) else END
        back = places.get(step.reentry) if step.reentry is not None else None
        blocks.append(
            Block(
                place=place,
                position=position,
                step=step,
                parts=parts.get(step.number, 0),
                reached=step.number in reached,
                jumps_to=step.next if step.next is not None and step.next != behind else None,
                back=back if back != place else None,
                problems=tuple(at[f"route.step {step.number}"]),
            )
        )
    loads, total = _loads(walked or plan.steps, plan.panel_positions)
    return RouteView(tuple(blocks), tuple(at["route"]), loads, total)


def _loads(steps: Sequence[PlanStep], panel_positions: int) -> tuple[tuple[Load, ...], int]:
    """Add up the time of one unit by station type; a step on panels is shared by the panel's boards."""
    times: dict[str, int] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    shared = max(panel_positions, 1)
    if not any(step.passed_by == "TransformationEvent" for step in steps):
        shared = 1
    for step in steps:
        name = step.station_type or "–"
        times[name] = times.get(name, 0) + max(step.cycle_time_ms, 0) // shared
        counts[name] += 1
        if step.passed_by == "TransformationEvent":
            shared = 1
    most = max(times.values(), default=0)
    ranked = sorted(times.values())
    scale = max((ms for ms in ranked if ms <= 10 * ranked[len(ranked) // 2]), default=0) or most
    loads = tuple(
        Load(name, ms, counts[name], _share(ms, scale), bool(most) and ms == most, ms > scale)
        for name, ms in times.items()
    )
    return loads, sum(times.values())


def _share(ms: int, scale: int) -> str:
    tenths = min(ms * 1000 // scale, 1000) if scale else 0
    return f"{tenths // 10}.{tenths % 10}"
