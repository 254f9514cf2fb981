"""Wrong attempts, as they happen on a real floor, each with the code that the gate must refuse it with.

None of them changes anything, so the journey that they are woven into stays as it is. Each is made in the
second after a unit's latest event and before its next one, so the state that the gate sees is known here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from karkhana.sim.crew import Crew
from karkhana.sim.goods import TRUCK
from karkhana.sim.numbers import Numbers, with_luhn
from karkhana.sim.timeline import Timeline

if TYPE_CHECKING:
    from karkhana.sim.plans import Place, StepPlan
    from karkhana.sim.streams import Stream, Trip

_DAY = 86_400_000


class Attempt:
    """What an attempt may use: the unit, the step that it is about to do, and the moment."""

    __slots__ = ("at", "place", "plan", "stream", "trip", "wrongs")

    def __init__(self, wrongs: Wrongs, stream: Stream, trip: Trip, plan: StepPlan, place: Place) -> None:
        self.wrongs, self.stream, self.trip, self.plan, self.place = wrongs, stream, trip, plan, place
        self.at = trip.at + 1_000

    def scan(
        self,
        place: Place,
        *,
        unit: str | None = None,
        at: int | None = None,
        event_at: int | None = None,
        who: str | None = None,
        kind: str = "UnitsArrived",
        more: str = "",
        uid: str | None = None,
    ) -> str:
        """Return an event about a unit at a station."""
        line = self.wrongs.timeline
        sent = self.at if at is None else at
        head = who or place.who[self.stream.crew.shift(sent)]
        stamp = line.stamp(sent if event_at is None else event_at)
        return (
            f'{{"type":"{kind}","id":"{uid or line.uid()}","at":"{stamp}",{head}'
            f'"unit":"{unit or self.trip.serial}"{more}}}'
        )

    def no(self, code: str, text: str, after: int = 0) -> bool:
        """Send an event that must be refused."""
        self.wrongs.timeline.expect(self.at + after, text, code)
        return True


class Wrongs:
    """Makes wrong attempts of all kinds in turn, each where it fits."""

    def __init__(self, timeline: Timeline, numbers: Numbers, crew: Crew, rng: random.Random) -> None:
        self.timeline, self.numbers, self.crew, self.rng = timeline, numbers, crew, rng
        self.streams: list[Stream] = []
        self.foreign: dict[tuple[str, str], list[Place]] = {}
        self.other_revision: dict[tuple[str, str], list[Place]] = {}
        self._waiting = list(_KINDS)

    def attempt(self, stream: Stream, trip: Trip, plan: StepPlan, place: Place) -> None:
        """Make the attempt that has waited longest among those that fit here."""
        context = Attempt(self, stream, trip, plan, place)
        for index, kind in enumerate(self._waiting):
            if kind(context):
                self._waiting.append(self._waiting.pop(index))
                return

    def after_end(self, stream: Stream, trip: Trip) -> None:
        """Scan a finished board once more at its last station."""
        plan = stream.plans[-1]
        context = Attempt(self, stream, trip, plan, plan.places[0])
        context.no("route.complete", context.scan(plan.places[0]))

    def failed(self, stream: Stream, trip: Trip, plan: StepPlan, place: Place) -> None:
        """Try to go on with a failed unit."""
        context = Attempt(self, stream, trip, plan, place)
        context.no("unit.failed", context.scan(place))

    def scrapped(self, stream: Stream, trip: Trip, place: Place) -> None:
        """Find a scrapped unit on the line again."""
        context = Attempt(self, stream, trip, stream.plans[0], place)
        context.no("unit.scrapped", context.scan(place))

    def board_forgotten(
        self, stream: Stream, trip: Trip, place: Place, at: int, boards: list[tuple[int, str]]
    ) -> None:
        """Report one board too few out of a panel; the unit stands at the station already."""
        text = stream.depanel_text(trip, place, at, boards[1:] or boards * 2)
        self.timeline.expect(at, text, "panel.positions")

    def packed(self, stream: Stream, at: int, children: list[str]) -> None:
        """Pack something a second time, into another box."""
        label = self.numbers.serial("BW")
        assert stream.packer is not None
        text = stream.packer.add_text(0, at + 2_000, label, children[:1])
        self.timeline.expect(at + 2_000, text, "packing.already_packed")

    def hold(self) -> str:
        """Return the number of a new hold."""
        return self.numbers.serial("HD")


def _step_skipped(a: Attempt) -> bool:
    places = a.plan.elsewhere_later
    return bool(places) and a.no("route.step_skipped", a.scan(a.wrongs.rng.choice(places)))


def _step_repeated(a: Attempt) -> bool:
    places = a.plan.elsewhere_passed
    return bool(places) and a.no("route.step_repeated", a.scan(a.wrongs.rng.choice(places)))


def _wrong_product(a: Attempt) -> bool:
    places = a.wrongs.foreign.get((a.stream.package.product, a.stream.plant))
    return bool(places) and a.no("unit.wrong_product", a.scan(a.wrongs.rng.choice(places or [])))


def _wrong_revision(a: Attempt) -> bool:
    places = a.wrongs.other_revision.get((a.stream.package.product, a.stream.package.revision))
    return bool(places) and a.no("unit.wrong_revision", a.scan(a.wrongs.rng.choice(places or [])))


def _unknown_unit(a: Attempt) -> bool:
    return a.no("unit.unknown", a.scan(a.place, unit=f"X{a.trip.serial}"))


def _not_certified(a: Attempt) -> bool:
    skill = a.plan.step.skill
    if skill is None or a.plan.passed_by == "AggregationEvent":
        return False
    actor = a.wrongs.crew.without(skill, a.wrongs.rng.randrange(10_000))
    who = f'"station":"{a.place.code}","actor":"{actor}",'
    return a.no("operator.not_certified", a.scan(a.place, who=who))


def _unknown_operator(a: Attempt) -> bool:
    if a.plan.step.skill is None or a.plan.passed_by == "AggregationEvent":
        return False
    return a.no("operator.unknown", a.scan(a.place, who=f'"station":"{a.place.code}","actor":"VISITOR-1",'))


def _personalise(a: Attempt, code: str, values: list[tuple[str, str]], firmware: str | None = None) -> bool:
    images = a.stream.firmware_text(a.plan) if firmware is None else firmware
    return a.no(code, a.stream.personalise_text(a.trip, a.place, a.at, values, images))


def _changed(
    a: Attempt, schemes: tuple[str, ...], change: Callable[[str], str]
) -> list[tuple[str, str]] | None:
    """Return the unit's identities with the first of certain schemes changed; None when there is none."""
    if not a.plan.step.identities:
        return None
    rules = a.stream.package.identity_rules
    found = next((kind for kind, _ in a.trip.values if rules[kind].scheme in schemes), None)
    if found is None:
        return None
    return [(kind, change(value) if kind == found else value) for kind, value in a.trip.values]


def _bad_check_digit(a: Attempt) -> bool:
    values = _changed(a, ("imei",), lambda value: value[:14] + str((int(value[14]) + 3) % 10))
    return values is not None and _personalise(a, "identity.malformed", values)


def _out_of_range(a: Attempt) -> bool:
    values = _changed(a, ("imei",), lambda value: with_luhn("35" + value[2:14]))
    return values is not None and _personalise(a, "identity.out_of_range", values)


def _duplicate_address(a: Attempt) -> bool:
    known = [values for at, values in a.stream.last_values if at < a.at - 1_000]
    if not known:
        return False
    used = dict(known[-1])
    if used == dict(a.trip.values):
        return False
    rules = a.stream.package.identity_rules
    kind = next((k for k, _ in a.trip.values if rules[k].scheme in ("eui48", "bluetooth")), None)
    if kind is None or not a.plan.step.identities:
        return False
    values = [(k, used[k] if k == kind else value) for k, value in a.trip.values]
    return _personalise(a, "identity.already_used", values)


def _identity_missing(a: Attempt) -> bool:
    if len(a.trip.values) < 2 or not a.plan.step.identities:
        return False
    return _personalise(a, "identity.missing", a.trip.values[:-1])


def _wrong_firmware(a: Attempt) -> bool:
    if not a.plan.step.firmware:
        return False
    values = a.trip.values if a.plan.step.identities else []
    return _personalise(a, "firmware.not_released", values, a.stream.firmware_text(a.plan, "0.0.1-dev"))


def _used_part(a: Attempt) -> bool:
    place = next((i for i, part in enumerate(a.plan.key_parts) if part.serialised and not part.product), None)
    if place is None:
        return False
    role = a.plan.key_parts[place].role
    for at, items in a.stream.last_items:
        used = next((item for item in items if item[0] == role), None)
        if used is not None and at < a.at - 1_000:
            items = [used if i == place else item for i, item in enumerate(a.trip.items)]
            return a.no("keypart.already_used", a.stream.install_text(a.trip, a.place, a.at, items))
    return False


def _wrong_part(a: Attempt) -> bool:
    if not a.plan.key_parts:
        return False
    items = [(item[0], "SAMPLE-01", *item[2:]) if i == 0 else item for i, item in enumerate(a.trip.items)]
    return a.no("keypart.wrong_part", a.stream.install_text(a.trip, a.place, a.at, items))


def _unfinished_board(a: Attempt) -> bool:
    place = next((i for i, part in enumerate(a.plan.key_parts) if part.product), None)
    if place is None:
        return False
    pool = a.stream.factory.pool(a.plan.key_parts[place].product or "", a.stream.plant)
    for born, ready, serial in pool.on_the_way:
        if born + 5_000 < a.at < ready - 5_000:
            items = [
                (*item[:2], serial, item[3]) if i == place else item for i, item in enumerate(a.trip.items)
            ]
            return a.no("keypart.not_passed", a.stream.install_text(a.trip, a.place, a.at, items))
    return False


def _installed_board(a: Attempt) -> bool:
    for plan in a.stream.plans:
        for part in plan.key_parts:
            if part.product is None or not a.stream.factory.board_stations.get(part.product):
                continue
            for at, serial in a.stream.factory.pool(part.product, a.stream.plant).installed:
                if at < a.at - 1_000:
                    place = a.stream.factory.board_stations[part.product]
                    return a.no("unit.ended", a.scan(place, unit=serial))
    return False


def _pack_unfinished(a: Attempt) -> bool:
    packer = a.stream.packer
    if packer is None or a.trip.boards > 1 or a.plan.passed_by == "AggregationEvent":
        return False
    label = a.wrongs.numbers.serial("BW")
    return a.no("packing.unfinished", packer.add_text(0, a.at, label, [a.trip.serial]))


def _full_box(a: Attempt) -> bool:
    return _into_box(a, a.stream, "packing.full")


def _other_brand(a: Attempt) -> bool:
    for other in a.wrongs.streams:
        elsewhere = other.package.brand == a.stream.package.brand or other.plant != a.stream.plant
        if not elsewhere and _into_box(a, other, "packing.other_brand"):
            return True
    return False


def _into_box(a: Attempt, other: Stream, code: str) -> bool:
    if a.plan.passed_by != "AggregationEvent" or a.stream.packer is None or other.packer is None:
        return False
    for at, box in other.packer.full_boxes:
        if at < a.at - 1_000 and at // TRUCK == a.at // TRUCK:
            return a.no(code, a.stream.packer.add_text(0, a.at, box, [a.trip.serial]))
    return False


def _resend(a: Attempt) -> bool:
    """Send the same event twice: a gateway that was not sure. The second is answered as the first."""
    text = a.scan(a.place, kind="UnitsRepaired")
    a.no("repair.wrong_station", text)
    a.wrongs.timeline.expect(a.at + 700, text, "repair.wrong_station", "repeated")
    return True


def _conflict(a: Attempt) -> bool:
    """Send another event under an id that was used."""
    uid = a.wrongs.timeline.uid()
    a.no("unit.unknown", a.scan(a.place, unit=f"Y{a.trip.serial}", uid=uid))
    return a.no("event.conflict", a.scan(a.place, uid=uid, at=a.at + 600), 600)


def _late(a: Attempt) -> bool:
    return a.no("event.late", a.scan(a.place, event_at=a.trip.at - 300_000))


def _clock_ahead(a: Attempt) -> bool:
    return a.no("event.time", a.scan(a.place, event_at=a.at + _DAY))


def _malformed(a: Attempt) -> bool:
    line = a.wrongs.timeline
    text = f'{{"type":"UnitsArrived","id":"{line.uid()}","at":"{line.stamp(a.at)}","unit":"{a.trip.serial}"}}'
    return a.no("event.malformed", text)


def _unknown_station(a: Attempt) -> bool:
    return a.no("station.unknown", a.scan(a.place, who='"station":"TEST-BENCH",'))


def _held(a: Attempt) -> bool:
    """Hold a unit, scan it, release it: quality looked at it for a moment."""
    line, hold = a.wrongs.timeline, a.wrongs.hold()
    head = f'"id":"{line.uid()}","at":"{line.stamp(a.at)}","station":"{a.place.code}","hold":"{hold}"'
    line.emit(
        a.at,
        f'{{"type":"HoldPlaced",{head},"scope":"unit","target":"{a.trip.serial}","reason":"label"}}',
    )
    a.no("unit.held", a.scan(a.place, at=a.at + 600), 600)
    end = a.at + 1_200
    head = f'"id":"{line.uid()}","at":"{line.stamp(end)}","station":"{a.place.code}","hold":"{hold}"'
    line.emit(end, f'{{"type":"HoldReleased",{head},"reason":"label is good"}}')
    return True


def _repair_of_good(a: Attempt) -> bool:
    bench = a.stream.benches[a.place.line][0]
    return a.no("repair.not_failed", a.scan(bench, kind="UnitsRepaired"))


def _repair_elsewhere(a: Attempt) -> bool:
    return a.no("repair.wrong_station", a.scan(a.place, kind="UnitsRepaired"))


def _born_twice(a: Attempt) -> bool:
    positions = f',"positions":{a.trip.boards}' if a.trip.boards > 1 else ""
    more = f',"work_order":"{a.stream.work_order}"{positions}'
    return a.no("unit.exists", a.scan(a.stream.plans[0].places[0], kind="UnitsInitialized", more=more))


def _unknown_order(a: Attempt) -> bool:
    more = ',"work_order":"WO-OLD"'
    text = a.scan(a.place, unit=f"Z{a.trip.serial}", kind="UnitsInitialized", more=more)
    return a.no("work_order.unknown", text)


def _wrong_reel(a: Attempt) -> bool:
    feeder = a.place.feeder
    if feeder is None or len(feeder.slots) < 3:
        return False
    slot, other = a.wrongs.rng.sample(feeder.slots, 2)
    if slot.released == other.released or other.part in (slot.released, *slot.alternates):
        return False
    return a.no(
        "material.wrong_part", feeder.load_text(a.at, slot.location, other.first_lot, other.first_part)
    )


def _unknown_lot(a: Attempt) -> bool:
    feeder = a.place.feeder
    if feeder is None:
        return False
    slot = feeder.slots[0]
    return a.no("lot.unknown", feeder.load_text(a.at, slot.location, "NO-LABEL", slot.released))


def _empty_location(a: Attempt) -> bool:
    feeder = a.place.feeder
    if feeder is None:
        return False
    slot = feeder.slots[0]
    return a.no("material.location_empty", feeder.unload_text(a.at, slot.location, "NO-LABEL"))


_KINDS: tuple[Callable[[Attempt], bool], ...] = (
    _wrong_revision, _other_brand, _unfinished_board, _bad_check_digit, _duplicate_address, _out_of_range,
    _used_part, _wrong_reel, _full_box, _identity_missing, _wrong_firmware, _wrong_part, _unknown_lot,
    _empty_location, _installed_board, _step_skipped, _not_certified, _pack_unfinished, _step_repeated,
    _resend, _unknown_unit, _wrong_product, _held, _late, _unknown_operator, _conflict, _repair_of_good,
    _malformed, _clock_ahead, _repair_elsewhere, _born_twice, _unknown_order, _unknown_station,
)  # fmt: skip
