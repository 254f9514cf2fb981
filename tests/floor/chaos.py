"""A factory in which much goes wrong: makes long random stories in the shorthand of workshop.

It looks at a world in memory to know what would come next, and then does that, or something else.
"""

from __future__ import annotations

import datetime as dt
import json
import random
from collections.abc import Iterator

import msgspec

from floor import workshop as ws
from karkhana.floor.rules import World, apply, decide
from karkhana.kernel.refusals import Refusal
from karkhana.ledger import events as ev
from karkhana.ledger.state import Unit

DECODER = msgspec.json.Decoder(ev.AnyEvent)
STATIONS = tuple(code for _, codes in ws.LINES.values() for code in codes)
BOXES = ("BOX1", "BOX2", "BOX3", "BOX4")


class Chaos:
    """One story; ``world`` is what came of it, decided in memory as a single batch."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World(ws.pure_reference())
        self.clock = ws.DAY + dt.timedelta(hours=2)
        self.number = 0
        self.seq = 0

    def events(self, count: int) -> Iterator[tuple[bytes, ev.Event, Refusal | None]]:
        """Tell a story of so many events: (as sent, as read, what the gate said in memory)."""
        for what in self._opening():
            yield self._tell(*what)
        for _ in range(count):
            yield self._tell(*self._next())

    def _tell(self, station: str, what: str) -> tuple[bytes, ev.Event, Refusal | None]:
        self.clock += dt.timedelta(seconds=self.random.randrange(1, 90))
        # Clocks differ, and what is loaded is sometimes said late.
        back = self.random.choice((0, 0, 0, 0, 60, 119, 121))
        if what.startswith(("load", "unload")) and self.random.random() < 0.3:
            back = 900
        at = self.clock - dt.timedelta(seconds=back)
        body = ws.event(at.isoformat(), station, what, event_id=self._id())
        raw = json.dumps(body).encode()
        event = DECODER.decode(raw)
        self.seq += 1
        refusal = decide(self.world, event, ws.NOW)
        if refusal is None:
            apply(self.world, event, self.seq)
        return raw, event, refusal

    def _id(self) -> str:
        return f"{self.random.getrandbits(128):032x}"

    def _new(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def _opening(self) -> Iterator[tuple[str, str]]:
        for part in ("CAP", "CAP-B", "RES", "GLUE"):
            for number in (1, 2):
                yield "DOCK-1", f"receive {part}-{number} {part} 1000 SUP"
        for station in ("SMT-1", "SMT-2"):
            yield station, "load CAP-1 CAP on F1"
            yield station, "load RES-1 RES on F2"

    def _next(self) -> tuple[str, str]:
        roll = self.random.random()
        living = [unit for unit in self.world.units.values() if unit.kind != "container"]
        if roll < 0.10 or not living:
            order, station, more = self.random.choice((
                ("WO-MAIN", "SMT-1", " x4"), ("WO-MAIN", "SMT-2", " x4"), ("WO-PHONE", "ASM-1", ""),
                ("WO-PHONE", "ASM-2", ""), ("WO-TABLET", "FIN-1", "")))  # fmt: skip
            return station, f"start {self._new('N')} order {order}{more}"
        if roll < 0.22:
            return self._noise(living)
        if roll < 0.30:
            return self._materials()
        open_holds = [hold.hold for hold in self.world.holds.values() if hold.released_at is None]
        if open_holds and roll < 0.36:
            return "DOCK-1", f"release {self.random.choice(open_holds)}"
        states = ("in_process", "failed", "complete", "packed")
        waiting = [unit for unit in living if unit.state in states] or living
        phones = [unit for unit in waiting if unit.product == "PHONE"]
        return self._sensible(self.random.choice(phones if phones and roll < 0.75 else waiting))

    def _materials(self) -> tuple[str, str]:
        station = self.random.choice(("SMT-1", "SMT-2"))
        lots = [lot for lot in self.world.lots.values() if lot.part in ("CAP", "CAP-B", "RES")]
        lot = self.random.choice(lots)
        place = "F2" if lot.part == "RES" else "F1"
        if self.random.random() < 0.5:
            setup = self.world.setups.get(station)
            if setup and len(setup.mounts) > 2:
                mount = self.random.choice(setup.mounts)
                return station, f"unload {mount.lot} on {mount.location}"
        return station, f"load {lot.lot} {lot.part} on {place}"

    def _noise(self, living: list[Unit]) -> tuple[str, str]:
        station = self.random.choice(STATIONS)
        unit = self.random.choice(living).serial
        other = self.random.choice(list(self.world.units))
        lot = self.random.choice(list(self.world.lots))
        another = self.random.choice(list(self.world.lots))
        box = self.random.choice(BOXES)
        hold = f"H{self.random.randrange(6)}"
        part = self.world.lots[lot].part
        return station, self.random.choice((
            f"arrive {unit}", f"depart {unit}", f"process {unit}", f"test {unit} failed", f"inspect {unit}",
            f"scrap {unit}", f"repair {unit}", f"remove {unit} battery", f"remove {unit} board",
            f"hold unit {other} as {hold}", f"hold lot {lot} as {hold}", f"release {hold}",
            f"hold work_order WO-PHONE as {hold}", f"release {hold}", f"release {hold}", f"release {hold}",
            f"hold firmware PHONE main=1.0 as {hold}",
            f"split lot:{lot}:5 into lot:{self._new('M')}:{part}:5",
            f"split lot:{lot}:5 lot:{another}:5 into lot:{self._new('M')}:{part}:5",
            f"pack {other} into {box}", f"unpack {other} from {box}", f"unpack {unit} from {box}",
            f"pack {box} into CARTON1 carton", f"unpack {box} from CARTON1",
            f"ship {box} as {self._new('S')}", f"ship CARTON1 as {self._new('S')}",
            f"ship {unit} as {self._new('S')}",
            f"install {unit} board=PCBA:{other} battery=BAT:b1", f"split {unit} into {self._new('N')}=1",
            f"split {unit} into lot:{self._new('M')}:RES:7", f"start {unit} order WO-TABLET",
        ))  # fmt: skip

    def _sensible(self, unit: Unit) -> tuple[str, str]:
        rng, name = self.random, unit.serial
        if unit.holds:
            holds = [hold.hold for hold in self.world.holds.values() if name in hold.members]
            return "DOCK-1", f"release {rng.choice(holds)}"
        if unit.state == "failed":
            return rng.choice((
                ("REPAIR-1", f"repair {name}"), ("REPAIR-1", f"arrive {name}"),
                ("REPAIR-1", f"remove {name} battery"), ("AOI-1", f"scrap {name} @{rng.randrange(1, 5)}"),
            ))  # fmt: skip
        step = self.world.release_of(unit).step(unit.next_step)
        if step is None:
            box = rng.choice(BOXES)
            return rng.choice((
                ("PACK-1", f"unpack {name} from {unit.parent}"),
                ("PACK-1", f"pack {box} into CARTON1 carton"),
                ("DOCK-1", f"ship {box} as {self._new('S')}"), ("REPAIR-1", f"remove {name} board battery"),
                ("ICT-1", f"split {name} into lot:{self._new('M')}:RES:9"),
            ))  # fmt: skip
        codes = [code for code in STATIONS if ws.station_type(code) == step.station_type]
        station = unit.station if unit.station in codes and unit.arrived_at else rng.choice(codes)
        if rng.random() < 0.2:
            return station, f"arrive {name}"
        return station, self._result(unit, step.passed_by)

    def _result(self, unit: Unit, passed_by: str) -> str:
        rng, name = self.random, unit.serial
        verb = {"UnitsProcessed": "process", "UnitsTested": "test", "UnitsInspected": "inspect"}.get(
            passed_by
        )
        if verb is not None:
            places = ",".join(str(k) for k in {rng.randrange(1, 5), rng.randrange(1, 5)})
            failed = f" failed @{places}" if unit.kind == "panel" else " failed"
            return f"{verb} {name}" + (failed if rng.random() < 0.2 else "")
        if passed_by == "TransformationEvent":
            good = [k for k in range(1, unit.positions + 1) if not unit.scrapped_mask >> (k - 1) & 1]
            lot = "lot:GLUE-2:1 " if rng.random() < 0.3 else ""
            return f"split {lot}{name} into " + " ".join(f"{self._new('B')}={k}" for k in good)
        if passed_by == "MaterialsInstalled":
            return f"install {name} " + " ".join(self._parts(unit))
        if passed_by == "UnitsPersonalized":
            mine = self.world.unit_claims.get(name, {})
            if mine and rng.random() < 0.5:
                return f"write {name} " + " ".join(f"{k}={c.value}" for k, c in mine.items()) + " fw=1.0"
            n = rng.randrange(200)
            return f"write {name} imei={ws.imei(n)} mac=02:00:00:00:00:{n:02X} label=PH{n} fw=1.0"
        if passed_by == "UnitsDeparted":
            return f"depart {name}"
        return f"pack {name} into {rng.choice(BOXES)}"

    def _parts(self, unit: Unit) -> list[str]:
        boards = [
            u.serial for u in self.world.units.values() if u.product == "MAIN" and u.state == "complete"
        ]
        found = []
        if "board" not in unit.bound and boards:
            found.append(f"board=PCBA:{self.random.choice(boards)}")
        if "battery" not in unit.bound:
            found.append(f"battery=BAT:b{self.random.randrange(30)}")
        if "glue" not in unit.bound:
            found.append(f"glue=GLUE::GLUE-{self.random.randrange(1, 3)}")
        return self.random.sample(found, self.random.randrange(1, len(found) + 1)) if found else ["x=X:x"]
