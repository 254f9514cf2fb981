"""Four phones, built through the gate and bought in every way, with a certificate still missing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from floor import workshop as ws
from karkhana.floor.operations import record_events
from karkhana.supply.models import Supplier
from localisation.purchases import buy, certify, group, term

FIRST, LAST = dt.date(2026, 6, 1), dt.date(2026, 6, 30)
ABROAD = ("CAP-1", "BAT-1")
ASKED = {"product": "PHONE", "month": "2026-06", "method": "PPP_MII"}

HOUSE = """
    06:00  DOCK-1  receive CAP-1 CAP 300 SUP        accepted
    06:00  DOCK-1  receive CAP-2 CAP-B 300 SUP      accepted
    06:00  DOCK-1  receive RES-1 RES 300 SUP        accepted
    06:00  DOCK-1  receive BAT-1 BAT 300 SUP        accepted
    06:00  DOCK-1  receive BAT-2 BAT 300 SUP        accepted
    06:00  DOCK-1  receive GLUE-1 GLUE 50 SUP       accepted
    06:30  SMT-1   load RES-1 RES on F2             accepted
    07:00  SMT-1   load CAP-1 CAP on F1             accepted
    08:00  SMT-1   start P1 order WO-MAIN x4        accepted
    08:01  SMT-1   process P1                       accepted
    08:02  AOI-1   inspect P1                       accepted
    08:03  DEP-1   split P1 into B1=1 B2=2 B3=3 B4=4  accepted
"""


def phone(number: int, battery: str) -> str:
    """Return the story of one phone with a board of the panel."""
    at = f"09:{number:02d}"
    return f"""
    {at}:00  ICT-1   test B{number}                         accepted
    {at}:05  ASM-1   start U{number} order WO-PHONE          accepted
    {at}:10  ASM-1   install U{number} board=PCBA:B{number} battery=BAT:b{number}:{battery} glue=GLUE::GLUE-1  accepted
    {at}:15  PER-1   write U{number} imei={ws.imei(number)} mac=02:00:00:00:00:0{number} label=PH{number} fw=1.0  accepted
    {at}:20  FIN-1   test U{number}                          accepted
    {at}:25  OQC-1   depart U{number}                        accepted
    {at}:30  PACK-1  pack U{number} into BOX{number}         accepted
"""  # noqa: E501


def build() -> None:
    """Build four phones: three with an imported battery, one with a battery made here."""
    story = HOUSE + phone(1, "BAT-1") + phone(2, "BAT-1") + phone(3, "BAT-1") + phone(4, "BAT-2")
    for line in ws.lines(story):
        if line.body.get("lot") in ABROAD and "origin" in line.body:
            line.body["origin"] = "CN"
        (outcome,) = record_events([line.raw], recorded_at=ws.NOW)
        assert outcome.status == line.outcome, (line.text, outcome.refusal)


def book() -> None:
    """Book every lot and term; only the maker of glue has no certificate yet.

    Per phone: capacitor 2.20 imported, resistor 1.18 with tax, battery 55 imported (or 60, of which 60 %
    local), glue 4, royalty 5; price 100.
    """
    for part, name in (("CAP", "passives"), ("RES", "passives"), ("BAT", "battery"), ("GLUE", "chemistry")):
        group(part, name)
    buy("CAP-1", "CAP", "import", cif="200", duty="20", of="CAPS", origin="CN")
    buy("RES-1", "RES", "reseller", price="100", tax="18", of="DIST")
    buy("BAT-1", "BAT", "import", cif="5000", duty="500", of="CELLS", origin="CN")
    buy("BAT-2", "BAT", "domestic", price="6000", of="HOME")
    buy("GLUE-1", "GLUE", "domestic", price="400", of="GLUES")
    Supplier.objects.filter(code="CELLS").update(name="Shenzhen Cells", country="CN")
    certify("60", of="HOME", number="H1")
    term("PHONE", "price", "100", document="Price list 7")
    term("PHONE", "royalty_abroad", "5", party="Codec Inc", document="Agreement 3")


def certify_glue(**more: Any) -> None:
    """Record the certificate that was missing: half of the glue is local."""
    certify("50", of="GLUES", number="G1", **more)


# Three phones: 2.20 + 1.18 + 55 + 4 + 5 = 67.38 imported; the fourth 2.20 + 1.18 + 24 + 4 + 5 = 36.38.
IMPORTED_WITHOUT = "238.52"
IMPORTED_WITH = "230.52"
