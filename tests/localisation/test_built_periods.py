"""A period says what its units say one by one: random small factories, built through the gate."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.kernel.refusals import Refused
from karkhana.localisation.built import selection
from karkhana.localisation.built.queries import PeriodResult, value_period, value_unit
from localisation.purchases import buy, certify, group, term

pytestmark = pytest.mark.usefixtures("rolled_back")
D = Decimal
FIRST, LAST = dt.date(2026, 6, 15), dt.date(2026, 6, 16)
BULK = {"F1": ("CAP", "CAP-B"), "F2": ("RES",)}


class Factory:
    """Says at random what happens in the workshop; what the gate refuses does not happen."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.at = ws.DAY + dt.timedelta(hours=6)
        self.made: Counter[str] = Counter()
        self.lots: dict[str, list[str]] = {}
        self.boards: list[str] = []
        self.on: dict[tuple[str, str], str] = {}

    def say(self, station: str, what: str, seconds: int = 60) -> bool:
        """Let something happen a while later; return whether it was accepted."""
        self.at += dt.timedelta(seconds=self.chance.randrange(1, seconds))
        event = ws.event(self.at.isoformat(), station, what)
        import json

        (outcome,) = record_events([json.dumps(event).encode()], recorded_at=ws.NOW)
        return outcome.status == "accepted"

    def name(self, prefix: str) -> str:
        self.made[prefix] += 1
        return f"{prefix}{self.made[prefix]}"

    def receive(self, part: str) -> str:
        lot = self.name(f"{part}-L")
        assert self.say("DOCK-1", f"receive {lot} {part} 500 SUP")
        self.lots.setdefault(part, []).append(lot)
        if len(self.lots[part]) > 1 and self.chance.random() < 0.3:
            # Two lots of a part become one: either may be on the board.
            mixed, other = self.name(f"{part}-M"), self.chance.choice(self.lots[part][:-1])
            if self.say("DOCK-1", f"split lot:{lot}:5 lot:{other}:5 into lot:{mixed}:{part}:10"):
                return mixed
        return lot

    def change_over(self, station: str) -> None:
        location = self.chance.choice(list(BULK))
        before = self.on.get((station, location))
        part = self.chance.choice(BULK[location])
        if before and self.chance.random() < 0.8:
            self.say(station, f"unload {before} on {location}", 5)
        lot = self.receive(part)
        if self.say(station, f"load {lot} {part} on {location}", 5):
            self.on[station, location] = lot

    def panel(self) -> None:
        station = self.chance.choice(["SMT-1", "SMT-2"])
        panel = self.name("P")
        self.say(station, f"start {panel} order WO-MAIN x4")
        for _ in range(2):
            self.say(station, f"arrive {panel}", 5)
            if self.chance.random() < 0.4:
                self.change_over(station)
            if self.chance.random() < 0.2:
                self.say(station, f"process {panel} failed")
                self.say("REPAIR-1", f"repair {panel}")
                continue
            self.say(station, f"process {panel}")
            break
        self.say("AOI-1", f"inspect {panel}")
        gone = self.chance.choice([0, 0, 4])
        if gone:
            self.say("AOI-1", f"scrap {panel} @{gone}")
        boards = [f"{panel}B{n}={n}" for n in range(1, 5) if n != gone]
        glue = f"lot:{self.receive('GLUE')}:3 " if self.chance.random() < 0.3 else ""
        if self.say("DEP-1", f"split {glue}{panel} into {' '.join(boards)}"):
            for board in boards:
                if self.say("ICT-1", f"test {board.split('=')[0]}"):
                    self.boards.append(board.split("=")[0])

    def install(self, phone: str) -> None:
        if not self.boards:
            return
        board = self.boards.pop(self.chance.randrange(len(self.boards)))
        battery = self.chance.choice(self.lots["BAT"] if self.chance.random() < 0.8 else [""])
        glue = self.chance.choice(self.lots["GLUE"])
        serial = self.name("b")
        self.say(
            "ASM-1", f"install {phone} board=PCBA:{board} battery=BAT:{serial}:{battery} glue=GLUE::{glue}"
        )

    def phone(self) -> None:
        phone = self.name("U")
        number = self.made["U"]
        self.say("ASM-1", f"start {phone} order {self.chance.choice(['WO-PHONE', 'WO-PHONE', 'WO-PHONE-B'])}")
        self.install(phone)
        if self.chance.random() < 0.3:
            self.say("REPAIR-1", f"remove {phone} board battery glue")
            self.install(phone)
        mac = f"02:00:00:00:00:{number:02x}"
        self.say("PER-1", f"write {phone} imei={ws.imei(number)} mac={mac} label=PH{number} fw=1.0")
        self.say("FIN-1", f"test {phone}")
        self.say("OQC-1", f"depart {phone}")
        self.say("PACK-1", f"pack {phone} into {self.name('BOX')}")
        if self.chance.random() < 0.2:
            self.say("FIN-1", f"scrap {phone}")

    def run(self) -> None:
        for part in ("BAT", "BAT", "GLUE", "CAP", "RES"):
            self.receive(part)
        for station in ("SMT-1", "SMT-2"):
            for location, parts in BULK.items():
                lot = self.receive(parts[0])
                self.say(station, f"load {lot} {parts[0]} on {location}", 5)
                self.on[station, location] = lot
        for _ in range(self.chance.randrange(1, 4)):
            self.panel()
        for _ in range(self.chance.randrange(2, 8)):
            self.phone()
        for name in ("T1", "T2"):
            self.say("FIN-1", f"start {name} order WO-TABLET")
            self.say("FIN-1", f"test {name}")
            self.say("PACK-1", f"pack {name} into {self.name('BOX')}")

    def purchase(self) -> None:
        """Book most lots: every channel, odd amounts, gaps."""
        group("CAP", "passives")
        for part, lots in self.lots.items():
            for lot in lots:
                channel = self.chance.choice(["import", "domestic", "reseller", "consigned", "none"])
                odd = {name: str(self.chance.randrange(1, 10**6)) for name in ("cif", "price", "duty", "tax")}
                if channel != "none":
                    buy(lot, part, channel, of=f"S{self.chance.randrange(3)}", **odd, quantity=D(7),
                        bill=channel == "import" and self.chance.random() < 0.8,
                        origin=self.chance.choice(["IN", ""]))  # fmt: skip
        certify("33.333333", of="S1")
        certify("20", of="S2", valid_to=dt.date(2026, 5, 1))
        term("PHONE", "price", "1000000")
        term("PHONE", "price", "900000.5", market="AE")
        term("PHONE", "royalty_abroad", "17.3", document="")
        term("MAIN", "price", "500000")


Key = tuple[str, ...]


def one_by_one(serials: list[str], method: str, chosen: dict[str, str]) -> dict[str, Any]:
    """Add units up the plain way."""
    lines: dict[Key, list[Decimal]] = {}
    found: dict[str, Any] = {
        "units": 0, "denominator": D(0), "imported": D(0), "imported_least": D(0), "classes": Counter(),
        "percents": Counter(), "most": set(), "doubts": Counter(), "left_out": 0,
    }  # fmt: skip
    for serial in serials:
        try:
            _, result = value_unit(serial, method=method, chosen=chosen)
        except Refused:  # without a price there is nothing to divide by
            found["left_out"] += 1
            continue
        found["units"] += 1
        found["denominator"] += result.denominator
        found["imported"] += result.imported
        found["imported_least"] += result.imported_least
        found["classes"][result.grade] += 1
        found["percents"][result.percent_min] += 1
        found["most"].add(result.percent_max)
        found["doubts"].update({(item.code, item.part, item.lot) for item in result.unproved})
        for line in result.lines:
            row = lines.setdefault(_key(line), [D(0)] * 4)
            for place, amount in enumerate((line.quantity, line.value, line.local_value, line.local_most)):
                row[place] += amount
    return {**found, "lines": lines}


def _key(line: Any) -> Key:
    why = line.why.split(" (one of ")[0]
    return line.part, line.supplier, line.origin, line.group, line.channel, why


def check(period: PeriodResult, wanted: dict[str, Any]) -> None:
    assert period.units == wanted["units"] == period.spread.units
    figures = period.figures
    assert (figures.denominator, figures.imported, figures.imported_least) == (
        wanted["denominator"], wanted["imported"], wanted["imported_least"],
    )  # fmt: skip
    assert period.spread.classes == wanted["classes"]
    assert (period.spread.least, period.spread.most) == (min(wanted["percents"]), max(wanted["most"]))
    whole = Counter({int(p // 1): 0 for p in wanted["percents"]})
    for percent, units in wanted["percents"].items():
        whole[int(percent // 1)] += units
    assert sum(period.spread.histogram.values()) == sum(whole.values())
    lines = {
        _key(line): [line.quantity, line.value, line.local_value, line.local_most] for line in period.lines
    }
    assert lines == wanted["lines"]
    doubts = {
        (code, part, lot) for (code, part, _), doubt in period.doubts.items() for lot in doubt.lots or {""}
    }
    assert doubts == set(wanted["doubts"])
    assert sum(period.left_out.values()) == wanted["left_out"]
    assert sum(month.units for month in period.months) == period.units
    for by in ("part_group", "supplier", "origin", "channel", "part"):
        parts = [line for line in period.lines if line.channel not in ("own", "abroad")]
        assert sum(group.value for group in period.groups(by)) == sum(line.value for line in parts)


def built(product: str | None) -> list[str]:
    """List built units as a person would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT serial, product, state FROM ledger_unit WHERE kind = 'unit'"
            " AND completed_at IS NOT NULL AND state NOT IN ('scrapped', 'consumed') ORDER BY serial"
        )
        rows = cursor.fetchall()
    if product:
        return [serial for serial, name, _ in rows if name == product]
    return [serial for serial, name, state in rows if name != "MAIN" and state != "installed"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32),
    method=st.sampled_from(["PPP_MII", "PPP_MII", "PMA_BOM", "LSEM_DVA"]),
    product=st.sampled_from([None, "PHONE", "MAIN"]),
    chosen=st.sampled_from([{}, {"uncertified": "origin"}]),
    chunk=st.sampled_from([1, 2, 20_000]),
)
def test_a_period_is_the_sum_of_its_units(
    seed: int, method: str, product: str | None, chosen: dict[str, str], chunk: int
) -> None:
    with transaction.atomic():
        factory = Factory(random.Random(seed))
        factory.run()
        factory.purchase()
        wanted = one_by_one(built(product), method, chosen)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(selection, "CHUNK", chunk)
            asked: dict[str, Any] = {"method": method, "chosen": chosen, "product": product}
            if wanted["units"]:
                check(value_period(**asked, first=FIRST, last=LAST), wanted)
            else:
                with pytest.raises(Refused):
                    value_period(**asked, first=FIRST, last=LAST)
        transaction.set_rollback(True)
