"""The way of units through the simulated factory: one stream is one revision on its lines.

A unit's whole journey is made at once, from birth to box, and put on the timeline; the next unit begins
a takt later. Boards that a device needs are taken from those that will be finished by then.
"""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from karkhana.design.release import ReleasePackage
from karkhana.sim.goods import Packer
from karkhana.sim.material import KeyLots
from karkhana.sim.plans import Place, StepPlan
from karkhana.sim.timeline import from_ms

if TYPE_CHECKING:
    from karkhana.sim.factory import Factory

WALK = 3_000
"""Shortest time between two steps."""
_SCRAP = 0.06
_BOARD_SCRAP = 0.15
_DEFECTS = ("BRIDGE", "TOMBSTONE", "MISSING", "SHIFTED", "INSUFFICIENT", "POLARITY")
_FAULTS = ("FUNC-01", "FUNC-07", "RF-LOW", "AUDIO-THD", "CURRENT-HIGH", "LEAK", "COSMETIC", "SENSOR-DRIFT")


class Pool:
    """Finished sub-assemblies of a product in a plant, and those on their way."""

    def __init__(self) -> None:
        self.ready: list[tuple[int, str]] = []
        self.on_the_way: deque[tuple[int, int, str]] = deque(maxlen=300)
        self.installed: deque[tuple[int, str]] = deque(maxlen=50)

    def add(self, born_at: int, ready_at: int, serial: str) -> None:
        """Note a board that will be finished at a time."""
        heappush(self.ready, (ready_at, serial))
        self.on_the_way.append((born_at, ready_at, serial))

    def take(self, before: int) -> str | None:
        """Take the board that was finished first, if that is before a time."""
        if not self.ready or self.ready[0][0] > before:
            return None
        return heappop(self.ready)[1]


class Trip:
    """A unit or panel on its way; ``at`` is the time of its latest event."""

    __slots__ = (
        "at",
        "boards",
        "born_at",
        "items",
        "number",
        "own",
        "repairs",
        "scrapped",
        "serial",
        "values",
    )

    def __init__(self, serial: str, at: int, boards: int) -> None:
        self.serial, self.at, self.born_at, self.boards = serial, at, at, boards
        self.repairs = 0
        self.scrapped: set[int] = set()
        self.own: dict[str, str] = {}
        self.values: list[tuple[str, str]] = []
        self.items: list[tuple[str, str, str, str]] = []
        self.number = 0


class Stream:
    """One revision on its lines, under one work order."""

    def __init__(
        self,
        factory: Factory,
        package: ReleasePackage,
        plans: list[StepPlan],
        *,
        plant: str,
        lines: tuple[str, ...],
        work_order: str,
        prefixes: tuple[str, str],
        takt: int,
        begins: int,
    ) -> None:
        self.factory, self.package, self.plans, self.plant, self.lines = factory, package, plans, plant, lines
        self.work_order, self.prefixes, self.takt = work_order, prefixes, takt
        self.crew, self.rng, self.timeline, self.numbers = (
            factory.crew, factory.rng, factory.timeline, factory.numbers,
        )  # fmt: skip
        self.benches = factory.benches
        self.dock = factory.docks[plant]
        self.packing = factory.packing_places(plans, lines, plant)
        self.packer = Packer(self, self.timeline, self.numbers) if self.packing else None
        self.pool = factory.pool(package.product, plant)
        parts = {part.role: (part.part, part.alternates) for plan in plans for part in plan.key_parts
                 if part.product is None}  # fmt: skip
        self.key_lots = KeyLots(plant, parts, factory.warehouse, self.rng)
        self.next_start = begins
        self.units = self.started = 0
        self.limit: int | None = None
        self.wrong_share = factory.wrong_share
        self.last_values: deque[tuple[int, list[tuple[str, str]]]] = deque(maxlen=40)
        self.last_items: deque[tuple[int, list[tuple[str, str, str, str]]]] = deque(maxlen=40)
        self._rules = package.identity_rules
        self._own_at = next((plan.number for plan in plans if any(p.product for p in plan.key_parts)), 0)
        self._own_lead = sum(plan.cycle + WALK for plan in plans[: max(0, self._own_at - 1)])
        self._firmware = {plan.number: self.firmware_text(plan) for plan in plans if plan.step.firmware}
        self._stop_every = max(2, int(6 * 3_600_000 / max(1, takt)))

    def advance(self, until: int) -> None:
        """Begin every unit that is due before a time."""
        while self.next_start < until and (self.limit is None or self.units < self.limit):
            self._begin(self.next_start)
            self.next_start += int(self.takt * self.rng.uniform(0.9, 1.1))
            if self.rng.randrange(self._stop_every) == 0:
                self.next_start += self.rng.randrange(600_000, 1_200_000)

    def _begin(self, at: int) -> None:
        own: dict[str, str] = {}
        if self._own_at:
            for part in self.plans[self._own_at - 1].key_parts:
                if part.product is None:
                    continue
                board = self.factory.pool(part.product, self.plant).take(at + self._own_lead)
                if board is None:
                    return
                own[part.role] = board
        positions = self.package.panel_positions
        serial = self.numbers.serial(self.prefixes[1] if positions > 1 else self.prefixes[0])
        line, place = self.timeline, self.plans[0].places[0]
        many = f',"positions":{positions}' if positions > 1 else ""
        line.emit(
            at,
            f'{{"type":"UnitsInitialized","id":"{line.uid()}","at":"{line.stamp(at)}",'
            f'{place.who[self.crew.shift(at)]}"unit":"{serial}","work_order":"{self.work_order}"{many}}}',
        )
        trip = Trip(serial, at, positions)
        trip.own = own
        self.started += 1
        if positions == 1:
            self._born([serial])
        self.walk(trip, 1)

    def walk(self, trip: Trip, number: int, stands_at: str | None = None) -> None:
        """Let a unit go from a step to the end of its route.

        Args:
            stands_at: station at which it has arrived already, where the first step is done.
        """
        plans, rng, line, shift = self.plans, self.rng, self.timeline, self.crew.shift
        wrongs, chance = self.factory.wrongs, self.wrong_share
        last = len(plans)
        next_number: int | None = number
        while next_number is not None and next_number <= last:
            plan = plans[next_number - 1]
            place = plan.next_place()
            if stands_at is not None:
                place = next((p for p in plan.places if p.code == stands_at), place)
                stands_at = None
            at = trip.at + WALK + int(rng.random() * 4_000)
            if plan.key_parts:
                self._prepare_items(trip, plan, at)
            elif plan.step.identities:
                self._prepare_values(trip, plan)
            if rng.random() < chance:
                wrongs.attempt(self, trip, plan, place)
            who = place.who[shift(at)]
            if place.feeder is not None:
                place.feeder.use(at)
            if plan.arrives:
                line.emit(
                    at,
                    f'{{"type":"UnitsArrived","id":"{line.uid()}","at":"{line.stamp(at)}",{who}'
                    f'"unit":"{trip.serial}"}}',
                )
            at += plan.cycle + int(rng.random() * plan.jitter)
            next_number = _STEP[plan.passed_by](self, trip, plan, place, at)
        if next_number is not None and not self.packing:
            self.pool.add(trip.born_at, trip.at, trip.serial)
            if self._own_at == 0 and rng.random() < chance * 2:
                wrongs.after_end(self, trip)

    def _born(self, serials: list[str]) -> None:
        self.units += len(serials)
        if self.limit is not None:
            self.factory.serials.setdefault(self.package.product, []).extend(serials)

    def _head(self, kind: str, at: int, place: Place) -> str:
        line = self.timeline
        return (
            f'{{"type":"{kind}","id":"{line.uid()}","at":"{line.stamp(at)}",{place.who[self.crew.shift(at)]}'
        )

    def processed(self, trip: Trip, plan: StepPlan, place: Place, at: int) -> int | None:
        """Do the work of a step; now and then the machine's gateway is not sure and sends it again."""
        text = f'{self._head("UnitsProcessed", at, place)}"unit":"{trip.serial}"}}'
        self.timeline.emit(at, text)
        if self.rng.random() < self.factory.wrong_share / 4:
            self.timeline.expect(at + 800, text, None, "repeated")
        trip.at = at
        return plan.number + 1

    def judged(self, trip: Trip, plan: StepPlan, place: Place, at: int) -> int | None:
        """Test or inspect; a failure is repaired, or the unit scrapped."""
        rng = self.rng
        if rng.random() < plan.fail:
            return self._fail(trip, plan, place, at)
        values = plan.good
        text = values[int(rng.random() * len(values))]
        if plan.passed_by == "UnitsTested" and rng.random() < 0.001:
            # The tester itself had a problem: it says nothing about the unit, which is tested again.
            self.timeline.emit(
                at, f'{self._head("UnitsTested", at, place)}"unit":"{trip.serial}","result":"Error"}}'
            )
            at += plan.cycle
        self.timeline.emit(
            at, f'{self._head(plan.passed_by, at, place)}"unit":"{trip.serial}","result":"Passed"{text}}}'
        )
        trip.at = at
        return plan.number + 1

    def _fail(self, trip: Trip, plan: StepPlan, place: Place, at: int) -> int | None:
        rng, line = self.rng, self.timeline
        bad: list[int] = []
        if trip.boards > 1:
            good = [p for p in range(1, trip.boards + 1) if p not in trip.scrapped]
            bad = sorted(rng.sample(good, 2 if len(good) > 4 and rng.random() < 0.2 else 1))
            defects = ",".join(
                f'{{"code":"{rng.choice(_DEFECTS)}","reference":"{self._reference(plan)}","position":{p}}}'
                for p in bad
            )
        else:
            defects = f'{{"code":"{rng.choice(_FAULTS)}"}}'
        line.emit(
            at,
            f'{self._head(plan.passed_by, at, place)}"unit":"{trip.serial}","result":"Failed"'
            f'{rng.choice(plan.bad)},"defects":[{defects}]}}',
        )
        trip.at = at
        if rng.random() < self.factory.wrong_share * 25:
            self.factory.wrongs.failed(self, trip, plan, place)
        at += rng.randrange(20_000, 120_000)
        spent = trip.repairs >= self.package.repair_limit
        if bad and (spent or rng.random() < _BOARD_SCRAP) and len(trip.scrapped) + len(bad) < trip.boards:
            where = ",".join(map(str, bad))
            line.emit(at, f'{self._head("UnitsDisqualified", at, place)}"unit":"{trip.serial}",'
                          f'"reason":"not worth a repair","positions":[{where}]}}')  # fmt: skip
            trip.scrapped.update(bad)
            trip.at = at
            return plan.number + 1
        if spent or (not bad and rng.random() < _SCRAP):
            line.emit(at, f'{self._head("UnitsDisqualified", at, place)}"unit":"{trip.serial}",'
                          '"reason":"cannot be repaired"}')  # fmt: skip
            trip.at = at
            self.factory.scrapped += 1
            self.factory.wrongs.scrapped(self, trip, place)
            return None
        return self.repair(trip, plan, place, at)

    def repair(self, trip: Trip, plan: StepPlan, place: Place, at: int) -> int:
        """Repair a failed unit; returns the step at which it goes on."""
        rng, line = self.rng, self.timeline
        bench = rng.choice(self.benches[place.line])
        at += rng.randrange(60_000, 300_000)
        line.emit(at, f'{self._head("UnitsArrived", at, bench)}"unit":"{trip.serial}"}}')
        at += rng.randrange(120_000, 900_000)
        if rng.random() < 0.3:
            said = '"result":"NoFaultFound"'
        else:
            said = f'"repairs":[{{"action":"REWORK","cause":"solder","reference":"{self._reference(plan)}"}}]'
        line.emit(at, f'{self._head("UnitsRepaired", at, bench)}"unit":"{trip.serial}",{said}}}')
        trip.at = at
        trip.repairs += 1
        return min(plan.number, plan.reentry)

    def _reference(self, plan: StepPlan) -> str:
        """Name a designator that was placed before this step."""
        for other in reversed(self.plans[: plan.number]):
            if other.step.materials:
                references = self.rng.choice(other.step.materials).references
                return self.rng.choice(references) if references else ""
        return ""

    def _prepare_items(self, trip: Trip, plan: StepPlan, at: int) -> None:
        trip.items = []
        for part in plan.key_parts:
            if part.product is not None:
                trip.items.append((part.role, part.part, trip.own[part.role], ""))
                continue
            number, lot = self.key_lots.take(at, part.role)
            serial = (
                self.numbers.serial(f"{self.package.product}-{part.role[:8].upper()}-")
                if part.serialised
                else ""
            )
            trip.items.append((part.role, number, serial, lot))

    def install_text(self, trip: Trip, place: Place, at: int, items: list[tuple[str, str, str, str]]) -> str:
        """Return the binding of key parts as an event."""
        inside = ",".join(
            f'{{"role":"{role}","part":"{part}"'
            + (f',"serial":"{serial}"' if serial else "")
            + (f',"lot":"{lot}"' if lot else "")
            + "}"
            for role, part, serial, lot in items
        )
        return f'{self._head("MaterialsInstalled", at, place)}"unit":"{trip.serial}","installed":[{inside}]}}'

    def installed(self, trip: Trip, plan: StepPlan, place: Place, at: int) -> int | None:
        """Bind the key parts of a step."""
        self.timeline.emit(at, self.install_text(trip, place, at, trip.items))
        self.last_items.append((at, trip.items))
        for part, item in zip(plan.key_parts, trip.items, strict=True):
            if part.product is not None:
                self.factory.pool(part.product, self.plant).installed.append((at, item[2]))
        trip.at = at
        return plan.number + 1

    def _prepare_values(self, trip: Trip, plan: StepPlan) -> None:
        if trip.values:
            return
        trip.number = trip.number or self.numbers.next(self.package.product)
        trip.values = [(kind, self._identity(kind, trip)) for kind in plan.step.identities]

    def _identity(self, kind: str, trip: Trip) -> str:
        """Return a unit's identity: drawn from its pool where there is one, else made from its number."""
        rule, draws = self._rules[kind], self.factory.draws
        drawn = draws.value(self.package, rule, trip.number, from_ms(trip.at)) if draws else None
        return drawn or self.numbers.identity(rule, trip.number)

    def firmware_text(self, plan: StepPlan, version: str | None = None) -> str:
        """Return the released images of a step, or the first of them with another version."""
        rules = self.package.firmware_rules
        images = []
        for index, target in enumerate(plan.step.firmware):
            rule = rules[target][0]
            said = version if version and index == 0 else rule.version
            images.append(f'{{"target":"{target}","version":"{said}","sha256":"{rule.sha256}"}}')
        return ",".join(images)

    def personalise_text(
        self, trip: Trip, place: Place, at: int, values: list[tuple[str, str]], firmware: str
    ) -> str:
        """Return identities and firmware as an event."""
        inside = ",".join(f'{{"kind":"{kind}","value":"{value}"}}' for kind, value in values)
        identities = f',"identities":[{inside}]' if values else ""
        images = f',"firmware":[{firmware}]' if firmware else ""
        return f'{self._head("UnitsPersonalized", at, place)}"unit":"{trip.serial}"{identities}{images}}}'

    def personalised(self, trip: Trip, plan: StepPlan, place: Place, at: int) -> int | None:
        """Write identities and firmware."""
        values = trip.values if plan.step.identities else []
        firmware = self._firmware.get(plan.number, "")
        self.timeline.emit(at, self.personalise_text(trip, place, at, values, firmware))
        if values:
            self.last_values.append((at, values))
        trip.at = at
        return plan.number + 1

    def depanel_text(self, trip: Trip, place: Place, at: int, boards: list[tuple[int, str]]) -> str:
        """Return the cutting of a panel into boards as an event."""
        inside = ",".join(f'{{"unit":"{serial}","position":{position}}}' for position, serial in boards)
        return (
            f'{self._head("TransformationEvent", at, place)}"inputs":[{{"unit":"{trip.serial}"}}],'
            f'"outputs":[{inside}]}}'
        )

    def depanelled(self, trip: Trip, plan: StepPlan, place: Place, at: int) -> int | None:
        """Cut a panel into boards, each of which goes on by itself."""
        prefix = self.prefixes[0]
        boards = [
            (position, self.numbers.serial(prefix))
            for position in range(1, trip.boards + 1)
            if position not in trip.scrapped
        ]
        self._born([serial for _, serial in boards])
        if self.rng.random() < self.factory.wrong_share * 4:
            self.factory.wrongs.board_forgotten(self, trip, place, at - 1_000, boards)
        self.timeline.emit(at, self.depanel_text(trip, place, at, boards))
        for index, (_, serial) in enumerate(boards):
            board = Trip(serial, at + index * 2_000, 1)
            self.walk(board, plan.number + 1)
        return None

    def packed(self, trip: Trip, plan: StepPlan, place: Place, at: int) -> int | None:
        """Hand a unit to packing."""
        assert self.packer is not None
        self.factory.finished += 1
        self.packer.unit(at, trip.serial)
        trip.at = at
        return plan.number + 1


_STEP = {
    "UnitsProcessed": Stream.processed,
    "UnitsDeparted": Stream.processed,
    "UnitsTested": Stream.judged,
    "UnitsInspected": Stream.judged,
    "MaterialsInstalled": Stream.installed,
    "UnitsPersonalized": Stream.personalised,
    "TransformationEvent": Stream.depanelled,
    "AggregationEvent": Stream.packed,
}
