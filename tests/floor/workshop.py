"""A small factory for tests: two products on panels and in boxes, and a shorthand for what happens to them.

One line of shorthand is one event::

    09:05  SMT-1  process P1                       accepted
    09:06  AOI-1  inspect P1 failed @2,3           accepted
    09:07  DEP-1  split P1 into B1=1 B2=2          unit.failed

Columns are two or more blanks apart: time (of ``DAY``, UTC, or a whole ISO time), station, what happened, and
what the gate answers. ``by NAME`` at the end of what happened names the actor; without it, it is OP-1.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from stdnum import luhn

from karkhana.design.release import (
    FirmwareRule,
    IdentityRule,
    KeyPart,
    PackPlan,
    ReleasePackage,
    Step,
    StepMaterial,
    TestLimit,
    check_package,
)
from karkhana.floor.rules import Reference, Station

DAY = dt.datetime(2026, 6, 15, tzinfo=dt.UTC)
NOW = DAY + dt.timedelta(hours=20)
SHA = "ab" * 32
IST = "Asia/Kolkata"


def imei(number: int) -> str:
    """Return the IMEI with this running number, inside the range of PHONE."""
    body = f"35{number:012d}"
    return body + luhn.calc_check_digit(body)


MAIN = ReleasePackage(
    product="MAIN",
    revision="A",
    brand="ACME",
    segment="subassembly",
    panel_positions=4,
    repair_limit=1,
    steps=(
        Step(1, "Placement", "SMT", "UnitsProcessed", materials=(
            StepMaterial("CAP", ("CAP-B",), location="F1"), StepMaterial("RES"))),
        Step(2, "AOI", "AOI", "UnitsInspected"),
        Step(3, "Depanel", "DEP", "TransformationEvent"),
        Step(4, "ICT", "ICT", "UnitsTested"),
    ),
)  # fmt: skip
PHONE = ReleasePackage(
    product="PHONE",
    revision="A",
    brand="ACME",
    segment="phone",
    repair_limit=1,
    identities=(
        IdentityRule("imei", "imei", first="350000000000000", last="359999999999999"),
        IdentityRule("mac", "eui48"),
        IdentityRule("label", "serial", pattern="PH[0-9]+"),
    ),
    firmware=(FirmwareRule("main", "1.0", SHA),),
    pack=PackPlan(units_per_box=2, boxes_per_carton=2, cartons_per_pallet=2),
    steps=(
        Step(1, "Assembly", "ASM", "MaterialsInstalled", skill="ASSEMBLY", key_parts=(
            KeyPart("PCBA", ("PCBA-B",), "board", True, "MAIN"),
            KeyPart("BAT", ("BAT-B",), "battery"),
            KeyPart("GLUE", (), "glue", False))),
        Step(2, "Personalise", "PER", "UnitsPersonalized", identities=("imei", "mac", "label"),
             firmware=("main",)),
        Step(3, "Final test", "FIN", "UnitsTested", reentry=1),
        Step(4, "Clean", "OQC", "UnitsDeparted"),
        Step(5, "Pack", "PACK", "AggregationEvent"),
    ),
)  # fmt: skip
PHONE_B = msgspec.structs.replace(PHONE, revision="B")
TABLET = ReleasePackage(
    product="TABLET",
    revision="A",
    brand="ZEN",
    segment="tablet",
    pack=PackPlan(units_per_box=2),
    steps=(
        Step(1, "Final test", "FIN", "UnitsTested"),
        Step(2, "Pack", "PACK", "AggregationEvent"),
    ),
)
TOY = msgspec.structs.replace(TABLET, product="TOY", brand="ACME")
KITE = msgspec.structs.replace(TOY, product="KITE")
"""Its last gate was revoked, so nothing may be started under its order."""
RADIO = ReleasePackage(
    product="RADIO",
    revision="A",
    brand="ACME",
    segment="iot",
    steps=(
        Step(1, "RF test", "RF", "UnitsTested", tests=(
            TestLimit("power", "dBm", Decimal(10), Decimal("20.5")),
            TestLimit("current", "mA", high=Decimal(80), required=False))),
        Step(2, "Fit", "FIT", "MaterialsInstalled", key_parts=(
            KeyPart("PCBA", (), "board", True, "MAIN", ("Z",)),)),
    ),
)  # fmt: skip
PACKAGES = (MAIN, PHONE, PHONE_B, TABLET, TOY, RADIO, KITE)
ORDERS = {"WO-MAIN": MAIN, "WO-PHONE": PHONE, "WO-PHONE-B": PHONE_B, "WO-TABLET": TABLET, "WO-TOY": TOY,
          "WO-RADIO": RADIO, "WO-KITE": KITE}  # fmt: skip
LINES = {
    "L-SMT": ((MAIN,), ("SMT-1", "SMT-2", "AOI-1", "DEP-1", "ICT-1")),
    "L-ASM": ((PHONE, TABLET),
              ("ASM-1", "ASM-2", "PER-1", "FIN-1", "FIN-2", "OQC-1", "PACK-1", "PACK-2", "LABEL-1")),
    "L-NEW": ((PHONE_B,), ("ASM-9",)),
    "L-TOY": ((TOY, KITE), ("FIN-8",)),
    "L-RADIO": ((RADIO,), ("RF-1", "FIT-1")),
    "L-YARD": ((), ("DOCK-1", "REPAIR-1", "REPAIR-2")),
}  # fmt: skip
CERTIFICATES = {
    "OP-1": {"ASSEMBLY": (dt.date(2026, 1, 1), dt.date(2027, 1, 1))},
    "OP-OLD": {"ASSEMBLY": (dt.date(2025, 1, 1), dt.date(2026, 6, 15))},
    "OP-NEW": {},
}


def station_type(code: str) -> str:
    """Return the type of a station: its code without the number."""
    return code.rsplit("-", 1)[0]


def pure_reference() -> Reference:
    """Return the workshop as the rules see it, without a database."""
    for package in PACKAGES:
        assert check_package(package) == ()
    feeder: dict[tuple[str, str], dict[str | None, frozenset[str]]] = {
        ("L-SMT", "SMT"): {"F1": frozenset({"CAP", "CAP-B"}), None: frozenset({"RES"})}
    }
    return Reference(
        stations=MappingProxyType({
            code: Station(code, "NOIDA", line, station_type(code), ZoneInfo(IST))
            for line, (_, codes) in LINES.items() for code in codes
        }),
        setups=MappingProxyType({
            line: frozenset((p.product, p.revision) for p in packages)
            for line, (packages, _) in LINES.items() if packages
        }),
        releases=MappingProxyType({(p.product, p.revision): p for p in PACKAGES}),
        work_orders=MappingProxyType({code: (p.product, p.revision) for code, p in ORDERS.items()}),
        certificates=MappingProxyType({
            name: {skill: (period,) for skill, period in held.items()} for name, held in CERTIFICATES.items()
        }),
        suppliers=frozenset({"SUP", "ACME-IN", "ZEN-IN"}),
        consigners=MappingProxyType({"ACME-IN": "ACME", "ZEN-IN": "ZEN"}),
        feeder_parts=MappingProxyType(feeder),
        closed_orders=MappingProxyType({"WO-KITE": ("MP", "PVT")}),
        markets=MappingProxyType(dict.fromkeys(ORDERS, "IN")),
        firmware_names=frozenset({"PHONE main=1.0"}),
    )  # fmt: skip


def set_up_database() -> None:
    """Write the workshop's reference data."""
    from karkhana.design.operations import ensure_product, release_revision
    from karkhana.design.stages.operations import BEFORE, adopt_stage, revoke_gate
    from karkhana.floor.setup import (
        ensure_line,
        ensure_plant,
        ensure_setup,
        ensure_station,
        ensure_work_order,
    )
    from karkhana.partners.operations import ensure_brand
    from karkhana.people.operations import ensure_certificate, ensure_operator
    from karkhana.supply.operations import ensure_supplier

    for brand in ("ACME", "ZEN"):
        ensure_brand(code=brand, name=brand)
    for package in PACKAGES:
        ensure_product(
            code=package.product, name=package.product, brand=package.brand, segment=package.segment
        )
        release_revision(
            product_code=package.product, revision_code=package.revision, package=package, released_at=DAY
        )
        adopt_stage(product_code=package.product, reason=BEFORE, now=DAY)
    ensure_plant(code="NOIDA", name="Noida", time_zone=IST)
    for line, (packages, codes) in LINES.items():
        ensure_line(code=line, plant="NOIDA", kind="assembly", name=line)
        for number, code in enumerate(codes):
            ensure_station(code=code, line=line, station_type=station_type(code), name=code, sequence=number)
        for package in packages:
            ensure_setup(line=line, product=package.product, revision=package.revision)
    for code, package in ORDERS.items():
        ensure_work_order(code=code, product=package.product, revision=package.revision, quantity=1000)
    revoke_gate(product_code="KITE", stage="PVT", reason="The seam tears", now=DAY)
    for name, held in CERTIFICATES.items():
        ensure_operator(code=name, name=name)
        for skill, (start, end) in held.items():
            ensure_certificate(
                operator=name, skill=skill, valid_from=start, valid_to=end, today=dt.date(2025, 1, 1)
            )
    ensure_supplier(code="SUP", name="Supplier", country="IN")
    for brand in ("ACME", "ZEN"):
        ensure_supplier(code=f"{brand}-IN", name=brand, country="IN", role="brand", brand=brand)


# The shorthand.

_RESULTS = {
    "process": ("UnitsProcessed", "Completed"),
    "test": ("UnitsTested", "Passed"),
    "inspect": ("UnitsInspected", "Passed"),
}


def _positions(text: str) -> list[int]:
    return [int(number) for number in text.lstrip("@").split(",")]


def _measurement(word: str) -> dict[str, Any]:
    """``power=12.5dBm``."""
    name, _, said = word.partition("=")
    value, unit = re.fullmatch(r"([-0-9.]+)(.*)", said).groups()  # type: ignore[union-attr]
    return {"name": name, "value": value, "unit_of_measure": unit}


def _result(verb: str, words: list[str]) -> dict[str, Any]:
    type_name, good = _RESULTS[verb]
    found: dict[str, Any] = {"type": type_name, "unit": words[0], "result": good}
    for word in words[1:]:
        if "=" in word:
            found.setdefault("measurements", []).append(_measurement(word))
        elif word.startswith("@"):
            found["defects"] = [{"code": "BAD", "position": number} for number in _positions(word)]
        else:
            found["result"] = word.capitalize()
    return found


def _start(words: list[str]) -> dict[str, Any]:
    positions = int(words[3][1:]) if len(words) > 3 else 1
    return {"type": "UnitsInitialized", "unit": words[0], "work_order": words[2], "positions": positions}


def _thing(word: str) -> dict[str, Any]:
    """``B1=1`` is a board, ``lot:L1:5`` a lot going in, ``lot:L1:PART:5`` one coming out, else a unit."""
    if word.startswith("lot:"):
        _, lot, *rest = word.split(":")
        found: dict[str, Any] = {"lot": lot}
        if len(rest) > 1:
            found["part"] = rest[0]
        if rest:
            found["quantity"] = rest[-1]
        return found
    unit, _, position = word.partition("=")
    return {"unit": unit, **({"position": int(position)} if position else {})}


def _split(words: list[str]) -> dict[str, Any]:
    middle = words.index("into")
    return {
        "type": "TransformationEvent",
        "inputs": [_thing(word) for word in words[:middle]],
        "outputs": [_thing(word) for word in words[middle + 1 :]],
    }


def _install(words: list[str]) -> dict[str, Any]:
    """``role=PART:serial:lot``, either of the last two may be empty."""
    installed = []
    for word in words[1:]:
        role, _, rest = word.partition("=")
        part, serial, lot = (*rest.split(":"), "", "")[:3]
        item = {"role": role, "part": part, "serial": serial, "lot": lot}
        installed.append({key: value for key, value in item.items() if value})
    return {"type": "MaterialsInstalled", "unit": words[0], "installed": installed}


def _personalise(words: list[str]) -> dict[str, Any]:
    """``kind=value`` is an identity, ``fw=1.0`` or ``fw:modem=1.0`` firmware; ``/x`` is another image."""
    identities, firmware = [], []
    for word in words[1:]:
        name, _, value = word.partition("=")
        if name == "fw" or name.startswith("fw:"):
            version, _, other = value.partition("/")
            sha = "cd" * 32 if other else SHA
            firmware.append({"target": name[3:] or "main", "version": version, "sha256": sha})
        else:
            identities.append({"kind": name, "value": value})
    return {"type": "UnitsPersonalized", "unit": words[0], "identities": identities, "firmware": firmware}


def _pack(words: list[str], action: str) -> dict[str, Any]:
    middle = words.index("into" if action == "ADD" else "from")
    found = {"type": "AggregationEvent", "action": action, "parent": words[middle + 1]}
    if len(words) > middle + 2:
        found["level"] = words[middle + 2]
    return {**found, "children": words[:middle]}


def _ship(words: list[str]) -> dict[str, Any]:
    middle = words.index("as")
    return {
        "type": "ShippingEvent", "items": words[:middle], "shipment": words[middle + 1], "consignee": "BUYER"
    }  # fmt: skip


VERBS: dict[str, Callable[[list[str]], dict[str, Any]]] = {
    "receive": lambda w: {"type": "ReceivingEvent", "lot": w[0], "part": w[1], "quantity": w[2],
                          "supplier": w[3], "origin": "IN"},
    "load": lambda w: {"type": "MaterialsLoaded", "lot": w[0], "part": w[1], "location": w[3]},
    "unload": lambda w: {"type": "MaterialsUnloaded", "lot": w[0], "location": w[2]},
    "start": _start,
    "arrive": lambda w: {"type": "UnitsArrived", "unit": w[0]},
    "depart": lambda w: {"type": "UnitsDeparted", "unit": w[0]},
    "process": lambda w: _result("process", w),
    "test": lambda w: _result("test", w),
    "inspect": lambda w: _result("inspect", w),
    "split": _split,
    "install": _install,
    "remove": lambda w: {"type": "MaterialsUninstalled", "unit": w[0], "roles": w[1:]},
    "write": _personalise,
    "repair": lambda w: {"type": "UnitsRepaired", "unit": w[0]},
    "scrap": lambda w: {"type": "UnitsDisqualified", "unit": w[0], "reason": "bad",
                        "positions": _positions(w[1]) if len(w) > 1 else []},
    "pack": lambda w: _pack(w, "ADD"),
    "unpack": lambda w: _pack(w, "DELETE"),
    "ship": _ship,
    "hold": lambda w: {"type": "HoldPlaced", "scope": w[0], "target": " ".join(w[1:-2]), "hold": w[-1],
                       "reason": "why"},
    "release": lambda w: {"type": "HoldReleased", "hold": w[0], "reason": "fine"},
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line of shorthand: the event as JSON and what the gate should answer."""

    text: str
    body: dict[str, Any]
    outcome: str

    @property
    def raw(self) -> bytes:
        return json.dumps(self.body).encode()


def when(text: str) -> dt.datetime:
    """Read ``09:05``, ``09:05:30`` or a whole ISO time."""
    if "T" in text:
        return dt.datetime.fromisoformat(text)
    hours, minutes, *seconds = (int(number) for number in text.split(":"))
    return DAY + dt.timedelta(hours=hours, minutes=minutes, seconds=sum(seconds))


def event(at: str, station: str, what: str, *, event_id: str | None = None) -> dict[str, Any]:
    """Return the event that a shorthand says."""
    words = what.split()
    actor: dict[str, Any] = {"actor": "OP-1"}
    if "by" in words[-2:-1]:
        actor = {} if words[-1] == "nobody" else {"actor": words[-1]}
        words = words[:-2]
    body = VERBS[words[0]](words[1:])
    identity = event_id or str(uuid.uuid4())
    return {"id": identity, "at": when(at).isoformat(), "station": station, **actor, **body}


def lines(text: str) -> Iterator[Line]:
    """Read a table of shorthand; blank lines and lines that begin with # say nothing.

    ``same N`` as what happened sends line N again; ``same N as VERB ...`` sends other content under its id.
    """
    before: list[Line] = []
    for row in text.strip().splitlines():
        row = row.strip()
        if not row or row.startswith("#"):
            continue
        at, station, what, outcome = re.split(r"\s{2,}", row)
        words = what.split()
        if words[0] == "same":
            first = before[int(words[1]) - 1].body
            body = event(at, station, " ".join(words[3:]), event_id=first["id"]) if words[2:] else first
        else:
            body = event(at, station, what)
        line = Line(row, body, outcome)
        before.append(line)
        yield line


LOADED = """
    07:00  DOCK-1  receive CAP-1 CAP 5000 SUP        accepted
    07:00  DOCK-1  receive RES-1 RES 5000 SUP        accepted
    07:00  DOCK-1  receive GLUE-1 GLUE 50 SUP        accepted
    07:30  SMT-1   load CAP-1 CAP on F1              accepted
    07:30  SMT-1   load RES-1 RES on F2              accepted
"""
"""Lots in the house, SMT-1 loaded."""
PANEL = (
    LOADED
    + """
    08:00  SMT-1   start P1 order WO-MAIN x4         accepted
"""
)
PLACED = (
    PANEL
    + """
    08:01  SMT-1   process P1                        accepted
"""
)
BOARDS = (
    PLACED
    + """
    08:02  AOI-1   inspect P1                        accepted
    08:03  DEP-1   split P1 into B1=1 B2=2 B3=3 B4=4  accepted
    08:04  ICT-1   test B1                           accepted
    08:04  ICT-1   test B2                           accepted
"""
)
"""Two finished boards, B1 and B2; B3 and B4 wait for ICT."""
PHONE_BORN = (
    BOARDS
    + """
    08:10  ASM-1   start U1 order WO-PHONE           accepted
"""
)
ASSEMBLED = (
    PHONE_BORN
    + """
    08:11  ASM-1   install U1 board=PCBA:B1 battery=BAT:b1 glue=GLUE::GLUE-1  accepted
"""
)
PERSONAL = (
    ASSEMBLED
    + f"""
    08:12  PER-1   write U1 imei={imei(1)} mac=02:00:00:00:00:01 label=PH1 fw=1.0  accepted
"""
)
FINISHED = (
    PERSONAL
    + """
    08:13  FIN-1   test U1                           accepted
    08:14  OQC-1   depart U1                         accepted
"""
)
"""A phone that has only to be packed."""
PACKED = (
    FINISHED
    + """
    08:15  PACK-1  pack U1 into BOX1                 accepted
"""
)
TABLETS = """
    08:00  FIN-1   start T1 order WO-TABLET          accepted
    08:01  FIN-1   test T1                           accepted
    08:02  FIN-1   start T2 order WO-TABLET          accepted
    08:03  FIN-1   test T2                           accepted
    08:04  FIN-1   start T3 order WO-TABLET          accepted
    08:05  FIN-1   test T3                           accepted
"""
"""Three tablets that have only to be packed."""
