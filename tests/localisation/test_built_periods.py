"""A period says what its units say one by one: random small factories, built through the gate."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from decimal import Decimal
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.kernel.refusals import Refused
from karkhana.localisation.built import reading, selection
from karkhana.localisation.built.queries import PeriodResult, value_period, value_unit
from localisation.purchases import buy, certify, group, tell, term
from localisation.test_built_units import BOARDS, DEVICE, HOUSE, books

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
            patch.setattr(reading, "MONTHS_FEW", chunk)  # more months than that, at times
            asked: dict[str, Any] = {"method": method, "chosen": chosen, "product": product}
            if wanted["units"]:
                check(value_period(**asked, first=FIRST, last=LAST), wanted)
            else:
                with pytest.raises(Refused):
                    value_period(**asked, first=FIRST, last=LAST)
        transaction.set_rollback(True)


def whole_day(**asked: Any) -> PeriodResult:
    return value_period(**{"method": "PPP_MII", "first": FIRST, "last": FIRST, **asked})


def test_sub_assemblies_count_inside_of_what_they_went_into() -> None:
    tell(DEVICE)
    books()
    assert whole_day().units == 1
    assert whole_day().figures.imported == D("60.38")
    assert whole_day(product="MAIN").units == 2
    assert whole_day(brand="ACME").units == whole_day(plant="NOIDA").units == 1


def test_the_json_form_has_the_keys_of_a_unit_and_more() -> None:
    tell(DEVICE)
    books()
    group("BAT", "battery")
    period = whole_day(product="PHONE")
    body = period.as_dict()
    subject, unit = value_unit("U1", method="PPP_MII")
    alike = set(unit.as_dict(subject)) - {"subject", "lines"}
    assert {key: body[key] for key in alike - {"unproved"}} == {
        key: unit.as_dict(subject)[key] for key in alike - {"unproved"}
    }
    assert set(unit.as_dict(subject)) <= set(body)
    first = body["lines"][0]
    assert {key: first[key] for key in ("part", "lot", "origin", "value", "local_value", "why")} == {
        "part": "BAT", "lot": "BAT-1", "origin": "IN", "value": "55", "local_value": "0", "why": "own import",
    }  # fmt: skip
    assert body["months"] == [
        {"month": "2026-06", "units": 1, "class": "Class-II"}
        | {key: body[key] for key in body["months"][0] if key not in ("month", "units", "class")}
    ]
    assert body["units"]["by_class"] == {"Class-II": 1}
    assert body["units"]["histogram"] == {"39": 1}
    assert body["groups"]["part_group"][0] == {
        "name": "battery", "value": "55", "imported": "55", "local_value": "0", "local_most": "0",
    }  # fmt: skip
    assert [group["name"] for group in body["groups"]["supplier"]] == ["CELLS", "SUP", "GLUES"]


def test_a_unit_counts_on_the_day_of_its_plant() -> None:
    """18:40 UTC is past midnight in Noida."""
    tell("""
        18:20  FIN-1   start T1 order WO-TABLET    accepted
        18:21  FIN-1   test T1                     accepted
        18:22  PACK-1  pack T1 into BX1            accepted
        18:38  FIN-1   start T2 order WO-TABLET    accepted
        18:39  FIN-1   test T2                     accepted
        18:40  PACK-1  pack T2 into BX2            accepted
    """)
    term("TABLET", "price", "100")
    term("TABLET", "price", "200", valid_from=LAST)
    assert [whole_day(first=day, last=day).figures.denominator for day in (FIRST, LAST)] == [100, 200]
    both = whole_day(last=LAST)
    assert (both.units, both.figures.denominator) == (2, 300)
    assert value_unit("T2", method="PPP_MII")[0]["completed_on"] == LAST.isoformat()


def test_plants_of_two_time_zones() -> None:
    from karkhana.floor.models import Line, Plant

    other = Plant.objects.create(code="UTC", name="Elsewhere", time_zone="UTC")
    tell(DEVICE.replace("08:15  PACK-1", "18:40  PACK-1"))
    books()
    assert whole_day(first=LAST, last=LAST, plant="NOIDA").units == 1
    Line.objects.filter(code="L-ASM").update(plant=other)
    assert whole_day(plant="UTC").units == 1
    with pytest.raises(Refused, match=r"localise\.no_units"):
        whole_day(plant="NOIDA", product="PHONE")
    tell("18:50  DOCK-1  ship BOX1 as S1  accepted")
    # It stands nowhere now: the plant that the record last spoke of it from counts, as it was then.
    assert whole_day(first=LAST, last=LAST, plant="NOIDA").units == 1


def test_deeming_and_classes_follow_the_day(tmp_path: Path) -> None:
    """A method file of one's own: placed parts count as local until the first day."""
    shipped = resources.files("karkhana.localisation").joinpath("methods", "ppp_mii_2024.toml").read_text()
    own = tmp_path / "own.toml"
    deeming = '\n[[deeming]]\nprocess = "smt"\nvalid_from = 2021-01-01\nvalid_to = 2026-06-15\n'
    own.write_text(shipped + deeming + 'status = "derived"\nsource = "reading"\n')
    tell(DEVICE)
    late = """
        08:00  SMT-1   start P2 order WO-MAIN x4        accepted
        08:01  SMT-1   process P2                       accepted
        08:02  AOI-1   inspect P2                       accepted
        08:03  DEP-1   split P2 into C1=1 C2=2 C3=3 C4=4  accepted
        18:40  ICT-1   test C1                          accepted
    """
    tell(late)
    books()
    asked = {"method": str(own), "product": "MAIN"}
    one, other = (whole_day(**asked, first=day, last=day) for day in (FIRST, LAST))
    both = whole_day(**asked, last=LAST)
    assert (one.figures.imported, other.figures.imported) == (0, D("3.38"))
    assert both.figures.imported == D("3.38")
    assert both.spread.classes == one.spread.classes + other.spread.classes


def test_units_without_a_price_are_left_out_and_named() -> None:
    tell(
        DEVICE
        + ws.TABLETS
        + """
        09:00  PACK-1  pack T1 T2 into BX9         accepted
    """
    )
    books()
    found = whole_day()
    ((product, why),) = found.left_out
    assert (found.units, product, found.left_out[product, why]) == (1, "TABLET", 2)
    with pytest.raises(Refused, match=r"method\.denominator"):
        whole_day(product="TABLET")
    body = found.as_dict()
    assert body["left_out"] == [{"product": "TABLET", "why": why, "units": 2}]


def test_lines_by_lot_and_lots_named_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    tell(HOUSE + BOARDS + """
        08:05  SMT-1   unload RES-1 on F2            accepted
        08:05  DOCK-1  receive RES-2 RES 300 SUP     accepted
        08:06  SMT-1   load RES-2 RES on F2          accepted
        08:10  SMT-1   start P2 order WO-MAIN x4     accepted
        08:11  SMT-1   arrive P2                     accepted
        08:11  SMT-1   process P2                    accepted
        08:12  AOI-1   inspect P2                    accepted
        08:13  DEP-1   split P2 into C1=1 C2=2 C3=3 C4=4  accepted
        08:14  ICT-1   test C1                       accepted
    """)  # fmt: skip
    books()
    buy("RES-2", "RES", "reseller", price="100", tax="18")
    (line,) = [line for line in whole_day(product="MAIN").lines if line.part == "RES"]
    assert (line.lots, line.quantity, line.more_lots) == ({"RES-1", "RES-2"}, D(3), False)
    apart = [line for line in whole_day(product="MAIN", by_lot=True).lines if line.part == "RES"]
    assert sorted((*line.lots, line.quantity) for line in apart) == [("RES-1", D(2)), ("RES-2", D(1))]
    from karkhana.localisation.built import book

    monkeypatch.setattr(book, "NAMED_MAX", 1)
    monkeypatch.setattr(book, "KEPT_MAX", 0)
    (line,) = [line for line in whole_day(product="MAIN").lines if line.part == "RES"]
    assert (len(line.lots), line.more_lots) == (1, True)


REFUSED = [
    ({"product": "NOTHING"}, "product.unknown"),
    ({"brand": "NO\x00THING"}, "brand.unknown"),
    ({"plant": ""}, "plant.unknown"),
    ({"first": LAST}, "period.order"),
    ({"first": dt.date(1, 1, 1)}, "period.order"),
    ({"last": dt.date.max}, "period.order"),
    ({"product": "RADIO"}, "localise.no_units"),
    ({"method": "NOTHING"}, "method.unknown"),
    ({"first": dt.date(2010, 1, 1), "last": dt.date(2010, 1, 2)}, "method.not_then"),
    ({"chosen": {"profit": "mine"}}, "method.parameter"),
    ({"units_max": 0}, "localise.too_many"),
]


@pytest.mark.parametrize(("asked", "code"), REFUSED, ids=[row[1] for row in REFUSED])
def test_refusals(asked: dict[str, Any], code: str) -> None:
    tell(DEVICE)
    books()
    with pytest.raises(Refused) as refused:
        whole_day(**asked)
    assert refused.value.refusal.code == code
