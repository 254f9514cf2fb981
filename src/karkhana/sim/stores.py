"""A morning in the stores of the reference enterprise, for the demo: work that is under way.

Everything goes through the operations that people use: lots in quarantine, sources inspected at different
severities, stock put away, one order with its kit handed out and one that lacks parts; what brands ask
for, what is planned to be built, and what could be made in the country next.
"""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from karkhana.design.models import Revision
from karkhana.floor.kitting.operations import Taken, hand_out_kit
from karkhana.floor.kitting.queries import plan_kit
from karkhana.floor.queries.rows import fetch
from karkhana.floor.receiving.asked import Delivery
from karkhana.floor.receiving.judging import Findings, dispose, judge
from karkhana.floor.receiving.operations import Received, receive_lots
from karkhana.floor.setup import ensure_work_order
from karkhana.floor.stores.operations import move_stock
from karkhana.kernel.fiscal import month_days
from karkhana.kernel.refusals import Refused
from karkhana.localisation.choosing.operations import import_candidates, plan_units
from karkhana.localisation.models import LocalTarget
from karkhana.localisation.runs.models import RUNNING
from karkhana.localisation.runs.models import WAITING as WAITING_RUN
from karkhana.localisation.runs.operations import ask, asked_for
from karkhana.localisation.targets.operations import set_target
from karkhana.sim.files import rows_of
from karkhana.sim.priced import Priced, priced_parts
from karkhana.sim.scenario import DEFAULT, Scenario
from karkhana.supply.incoming.operations import RuleAsked, set_receiving_rule, write_ticks
from karkhana.supply.models import ReceivingRule
from karkhana.supply.models.incoming import RETURNED, SORTED
from karkhana.supply.stock import rules
from karkhana.supply.stock.operations import Wanted, default_store, ensure_place

DISPLAY, BATTERY, CAMERA, CELL, CHIP = (
    "G1628FH106GF-001",
    "BM6A-5000-NM",
    "F50N02A-OIS",
    "Z55H-60",
    "MT6833V/ZA",
)
PASTE = "INDIUM8.9HF-T5-SAC305"
RULES = {
    DISPLAY: RuleAsked(level="II", aql="0.65", may_reduce=True),
    BATTERY: RuleAsked(level="II", aql="1.0", source_policy="refuse"),
    CAMERA: RuleAsked(level="I", aql="0.65"),
    CELL: RuleAsked(level="S-3", aql="1.5", shelf_life_days=540),
    CHIP: RuleAsked(msl="3"),
    PASTE: RuleAsked(shelf_life_days=180),
}
"""How lots of some parts are received."""
JUDGED = ((DISPLAY, (0,) * 16), (BATTERY, (40, 0, 40)), (CAMERA, (0, 0)))
"""Nonconforming items found in lots that were inspected: reduced, tightened and normal inspection follow."""
WAITING = (DISPLAY, BATTERY, CAMERA, CELL)
"""Parts of which one lot waits in quarantine."""
KITTED, SHORT = ("TUR-S1", "WO-S1-NEXT", 240), ("TUR-M3", "WO-M3-NEXT", 3_000)
"""Product, order and units: one whose kit is handed out, one that lacks parts."""
PUT_AWAY = 24
"""Lots of a plant that are put into its racks."""
VALUED = ("", "TUR-B48", "OST-P7")
"""Whose local value is computed at once: of all products, of one with complete books, of the phone."""
MONTHS = 24
"""Months from the next on for which units are planned."""


@transaction.atomic
def fill_stores(scenario: Scenario, *, now: dt.datetime, folder: Path = DEFAULT) -> bool:
    """Do the morning's work, once.

    Args:
        now: with time zone; the work lies in the hours before.
        folder: of the scenario, for the targets and the candidates.

    Returns:
        False when it was done before, or when the scenario buys nothing.
    """
    if scenario.supplies is None or ReceivingRule.objects.exists():
        return False
    stores = _Stores(scenario, now)
    stores.places()
    stores.inspections()
    stores.put_away()
    stores.kits()
    _localisation(scenario, now, folder)
    return True


class _Stores:
    def __init__(self, scenario: Scenario, now: dt.datetime) -> None:
        self._scenario, self._now = scenario, now
        self._priced: Mapping[str, Priced] = priced_parts(scenario)
        self._at = now - dt.timedelta(hours=5)
        self._count = 0
        self._inspector = next((o.name for o in scenario.operators if o.plant == "N1"), "")

    def _tick(self, minutes: int = 3) -> dt.datetime:
        """Return the time of the next thing that is done."""
        self._at = min(self._now, self._at + dt.timedelta(minutes=minutes))
        return self._at

    def places(self) -> None:
        """Name the places of every plant."""
        for plant in self._scenario.plants:
            default_store(plant.code)
            for kind, name in ((rules.QUARANTINE, "Incoming inspection"), (rules.SCRAP, "Scrap cage")):
                ensure_place(code=f"{kind.upper()}-{plant.code}", plant=plant.code, kind=kind, name=name)
            for rack in "ABC":
                ensure_place(
                    code=f"{plant.code}-{rack}1",
                    plant=plant.code,
                    kind=rules.STORE,
                    name=f"Rack {rack}, shelf 1",
                )
            ensure_place(
                code=f"{plant.code}-DRY", plant=plant.code, kind=rules.STORE, name="Dry cabinet, below 5 % RH"
            )

    def _receive(self, part: str, quantity: int, plant: str, *, days_old: int = 40) -> Received:
        """Let a lot come in at a plant's dock, made so many days ago.

        Raises:
            Refused: the gate does not take it.
        """
        row = self._priced[part]
        self._count += 1
        at = self._tick()
        lot = Delivery(
            lot=f"{plant}D{self._now:%y%j}{self._count:04d}",
            part=part,
            quantity=Decimal(quantity),
            supplier=row.supplier,
            origin=row.origin,
            supplier_lot=f"{part[:6]}-{self._count:03d}",
            manufactured_on=(at - dt.timedelta(days=days_old)).date(),
        )
        (answer,) = receive_lots(lots=[lot], station=f"{plant}-LOG-RECEIVING", at=at, now=at)
        if answer.refusal is not None:
            raise Refused(answer.refusal)
        return answer

    def inspections(self) -> None:
        """Receive lots under sampling plans, judge most of them, and leave some in quarantine."""
        for part, asked in RULES.items():
            set_receiving_rule(part=part, asked=asked, now=self._at)
        for part, found in JUDGED:
            refused = 0
            for nonconforming in found:
                answer = self._receive(part, 1_200, "N1")
                assert answer.inspection is not None
                defects = (("SCRATCH", nonconforming),) if nonconforming else ()
                findings = Findings(nonconforming, defects, inspector=self._inspector)
                judge(number=answer.inspection, findings=findings, now=self._tick())
                if nonconforming:
                    self._dispose(answer.inspection, refused)
                    refused += 1
        for part in WAITING:
            self._receive(part, 1_200, "N2" if part == CELL else "N1")
        for days_old in (60, 174):
            self._receive(PASTE, 500, "N1", days_old=days_old)
        chip = self._receive(CHIP, 500, "N1")
        write_ticks(lots=[chip.lot], what="opened", at=self._at, now=self._at, note="Line 1")

    def _dispose(self, inspection: int, refused: int) -> None:
        """Send the first refused lot back, have the next sorted."""
        if refused == 0:
            dispose(number=inspection, what=RETURNED, note="Notice to the supplier", now=self._tick())
        else:
            dispose(
                number=inspection, what=SORTED, good=Decimal(1_120), bad=Decimal(80), now=self._tick(),
                note="All items looked at",
            )  # fmt: skip

    def put_away(self) -> None:
        """Move lots that wait at the dock into the racks."""
        for plant in self._scenario.plants:
            moves = list(self._to_racks(plant.code))
            if moves:
                move_stock(moves, now=self._tick(), by="stores")

    def _to_racks(self, plant: str) -> Iterator[Wanted]:
        rows = fetch(
            "SELECT l.lot, l.quantity FROM ledger_lot l WHERE l.station = %s AND l.quantity > 0"
            " AND NOT EXISTS (SELECT FROM ledger_mount m WHERE m.lot = l.lot)"
            " AND NOT EXISTS (SELECT FROM ledger_hold h WHERE h.target = l.lot AND h.released_at IS NULL)"
            " AND NOT EXISTS (SELECT FROM supply_stockmove s WHERE s.lot = l.lot)"
            " ORDER BY l.received_at DESC, l.lot LIMIT %s",
            [f"{plant}-LOG-RECEIVING", PUT_AWAY],
        )
        store = default_store(plant).code
        for number, (lot, quantity) in enumerate(rows):
            rack = f"{plant}-{'ABC'[number % 3]}1"
            yield Wanted(self._uid(f"away {lot}"), rules.MOVE, lot, quantity, source=store, target=rack)

    def _uid(self, what: str) -> uuid.UUID:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"karkhana demo {self._now:%Y-%m-%d} {what}")

    def kits(self) -> None:
        """Bring in what one order needs and hand its kit out; have another order that lacks parts."""
        for product, order, units in (KITTED, SHORT):
            spec = self._scenario.products[product].spec
            if Revision.objects.filter(product__code=product, code=spec.revision).exists():
                ensure_work_order(code=order, product=product, revision=spec.revision, quantity=units)
        product, order, units = KITTED
        kit = plan_kit(order, now=self._now)
        taken = []
        store = default_store(kit.plant).code
        for line in kit.lines:
            if line.need.part not in self._priced:
                continue
            wanted = line.need.open
            answer = self._receive(line.need.part, int(wanted) + 1, kit.plant)
            taken.append(Taken(answer.lot, store, wanted))
        hand_out_kit(
            uid=self._uid(order),
            work_order=order,
            now=self._tick(),
            place=kit.place,
            taken=taken,
            by="stores",
        )


def _localisation(scenario: Scenario, now: dt.datetime, folder: Path) -> None:
    """Write targets, planned units and candidates for what to make in the country next."""
    for _, row in rows_of(folder / "local_targets.csv"):
        if not LocalTarget.objects.filter(said_by=row["said_by"]).exists():
            set_target(**row, user=None, now=now)
    first = (now.date().replace(day=1) + dt.timedelta(days=32)).replace(day=1)
    months = [first]
    while len(months) < MONTHS:
        months.append((months[-1] + dt.timedelta(days=32)).replace(day=1))
    units: dict[tuple[str, dt.date], int] = {}
    for stream in scenario.streams:
        if scenario.products[stream.product].spec.segment == "subassembly":
            continue  # Its value is inside of the device that it goes into.
        for month in months:
            units[stream.product, month] = units.get((stream.product, month), 0) + stream.units_per_month
    plan_units(planned=units)
    found = import_candidates(path=folder / "candidates.csv", name="candidates.csv", now=now)
    if found.refusals:
        raise Refused(found.refusals[0])


def value_month(
    *, now: dt.datetime, zone: dt.tzinfo, products: Sequence[str] = ("", "TUR-B48", "OST-P7")
) -> None:
    """Compute the local value of what was built this month, so that its page has something to show at once.

    Args:
        now: with time zone; the month is that of most of the day before it, on the calendar of ``zone``.
        products: one answer for each; empty for all together.
    """
    day = (now - dt.timedelta(hours=12)).astimezone(zone).date()
    first, last = month_days(f"{day:%Y-%m}")
    for product in products:
        asked = asked_for(
            product=product, brand="", plant="", first=first, last=last, method="PPP_MII", chosen={}
        )
        run = ask(asked, user=None, now=now)
        while run.state in (WAITING_RUN, RUNNING):
            time.sleep(0.1)
            run.refresh_from_db(fields=["state"])
