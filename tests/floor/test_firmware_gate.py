"""The gate and firmware: only the approved image of a unit's revision and market, and nothing withdrawn."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from floor import workshop as ws
from floor.firmware_tables import IMAGED
from floor.test_gate_scenarios import record, tell
from karkhana.design.firmware.operations import register_image, release_image, withdraw_image
from karkhana.design.firmware.rules import ImageSpec
from karkhana.design.models import Product, Revision
from karkhana.design.operations import ensure_product, release_revision
from karkhana.design.release import FirmwareRule, KeyPart, ReleasePackage, Step
from karkhana.floor.models import WorkOrder
from karkhana.floor.operations import record_events
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.floor.setup import ensure_line, ensure_setup, ensure_station, ensure_work_order

pytestmark = pytest.mark.usefixtures("rolled_back")

OTHER = "cd" * 32
MARKETS = (FirmwareRule("main", "1.0", ws.SHA, ("IN", "NP")), FirmwareRule("main", "1.0-eu", OTHER, ("DE",)))


def register(said: str, product: str = "PHONE") -> None:
    """Register an image as ``1.0 approved market=DE revision=B other`` says it, without a signature."""
    version, state, *more = said.split()
    given: dict[str, Any] = dict(word.split("=") for word in more if "=" in word)
    spec = ImageSpec(
        product, "main", version, OTHER if "other" in more else ws.SHA, 1000, notes=said,
        markets=tuple(filter(None, given.get("market", "").split(","))),
        revisions=tuple(filter(None, given.get("revision", "").split(","))),
    )  # fmt: skip
    register_image(spec=spec, user=None, now=ws.NOW)
    key = {"product": product, "target": "main", "version": version}
    if state != "draft":
        release_image(**key, user=None, now=ws.NOW)
    if state == "withdrawn":
        withdraw_image(**key, reason="it reboots", user=None, now=ws.NOW)


@pytest.fixture
def markets(rolled_back: None) -> None:
    """PHONE A with an image per market (built by raw means: nothing registered), and an order for Germany."""
    from django.db import connection

    package = msgspec.structs.replace(ws.PHONE, firmware=MARKETS)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE design_revision DISABLE TRIGGER released_is_immutable")
        Revision.objects.filter(product__code="PHONE", code="A").update(
            package=msgspec.json.encode(package).decode(), package_hash=_hash(package)
        )
        cursor.execute("ALTER TABLE design_revision ENABLE TRIGGER released_is_immutable")
    ensure_work_order(code="WO-DE", product="PHONE", revision="A", quantity=10)
    WorkOrder.objects.filter(code="WO-DE").update(market="DE")


def _hash(package: ReleasePackage) -> str:
    from karkhana.design.release import encode_package, package_hash

    return package_hash(encode_package(package))


@pytest.mark.parametrize("name", IMAGED)
def test_table(name: str, markets: None) -> None:
    said, table = IMAGED[name]
    for row in filter(None, said.split(";")):
        register(row)
    for line in ws.lines(table):
        before, kept = digest_projections(), record()
        assert tell(line) == line.outcome, line.text
        if line.outcome != "accepted":
            now = digest_projections()
            before.pop("ledger_refusal_tally")
            now.pop("ledger_refusal_tally")
            assert now == before, f"{line.text}: a refusal changed something"
            assert record() == [*kept, (line.body["id"], line.outcome)]
    before = digest_projections()
    rebuild()
    assert digest_projections() == before


def test_a_batch_is_decided_as_its_events_one_by_one(markets: None) -> None:
    lines = list(ws.lines(IMAGED["a hold on firmware stops what carries it"][1]))
    answers = record_events([line.raw for line in lines], recorded_at=ws.NOW)
    assert [a.refusal.code if a.refusal else a.status for a in answers] == [line.outcome for line in lines]


def test_the_refusal_says_who_and_what(markets: None) -> None:
    register("1.0 draft")
    lines = list(ws.lines(IMAGED["a draft is not approved"][1]))
    *_, last = record_events([line.raw for line in lines], recorded_at=ws.NOW)
    assert last.refusal is not None
    assert last.refusal.message == "U1: firmware main 1.0 of PHONE is not approved."
    assert last.refusal.fields["unit"] == "U1"


def test_an_approval_that_is_missing_is_missed_though_the_state_says_approved(markets: None) -> None:
    """As after a restore of half a database: the gate looks at the signatures, not at the word."""
    from django.db import connection

    register("1.0 approved")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE design_firmwareimage DISABLE TRIGGER guarded")
        cursor.execute("UPDATE design_firmwareimage SET required = '{ACME}'")
        cursor.execute("ALTER TABLE design_firmwareimage ENABLE TRIGGER guarded")
    table = IMAGED["a draft is not approved"][1]
    assert [tell(line) for line in ws.lines(table)][-1] == "firmware.not_approved"


# A board with firmware of its own, inside a device: the device is held with it.

CORE = ReleasePackage(
    product="CORE", revision="A", brand="ACME", segment="subassembly",
    firmware=(FirmwareRule("boot", "7", ws.SHA),),
    steps=(Step(1, "Flash", "FLASH", "UnitsPersonalized", firmware=("boot",)),),
)  # fmt: skip
SHELL = ReleasePackage(
    product="SHELL", revision="A", brand="ACME", segment="iot",
    steps=(
        Step(1, "Fit", "FIT", "MaterialsInstalled", key_parts=(KeyPart("CORE", (), "core", True, "CORE"),)),
        Step(2, "Final", "LAST", "UnitsTested"),
    ),
)  # fmt: skip


@pytest.fixture
def nested(rolled_back: None) -> None:
    """A line that flashes cores, fits them into shells and tests those."""
    ensure_line(code="L-NEST", plant="NOIDA", kind="assembly", name="Nest")
    for kind in ("FLASH", "FIT", "LAST"):
        ensure_station(code=f"{kind}-7", line="L-NEST", station_type=kind, name=kind)
    for package in (CORE, SHELL):
        code = package.product
        ensure_product(code=code, name=code, brand="ACME", segment=package.segment)
        release_revision(product_code=code, revision_code="A", package=package, released_at=ws.DAY)
        ensure_setup(line="L-NEST", product=code, revision="A")
        ensure_work_order(code=f"WO-{code}", product=code, revision="A", quantity=9)


NESTED = """
    08:00  FLASH-7  start C1 order WO-CORE            accepted
    08:00  FLASH-7  start C2 order WO-CORE            accepted
    08:01  FLASH-7  write C1 fw:boot=7                accepted
    08:01  FLASH-7  write C2 fw:boot=7                accepted
    08:02  FIT-7    start S1 order WO-SHELL           accepted
    08:02  FIT-7    start S2 order WO-SHELL           accepted
    08:03  FIT-7    install S1 core=CORE:C1           accepted
    08:04  DOCK-1   hold firmware CORE boot=7 as H1   accepted
    08:05  LAST-7   test S1                           firmware.held
    08:05  FIT-7    install S2 core=CORE:C2           firmware.held
    08:06  PACK-1   pack S1 into B1                   firmware.held
    08:07  DOCK-1   release H1                        accepted
    08:08  LAST-7   test S1                           accepted
    08:09  PACK-1   pack S1 into B1                   accepted
    08:10  DOCK-1   hold firmware CORE boot=7 as H2   accepted
    08:11  DOCK-1   ship B1 as X1                     shipping.held_inside
"""


@pytest.mark.parametrize("together", [False, True])
def test_a_device_is_held_by_the_board_inside_it(nested: None, together: bool) -> None:
    lines = list(ws.lines(NESTED))
    if together:
        outcomes = record_events([line.raw for line in lines], recorded_at=ws.NOW)
        answers = [a.refusal.code if a.refusal else a.status for a in outcomes]
    else:
        answers = [tell(line) for line in lines]
    assert answers == [line.outcome for line in lines]
    before = digest_projections()
    rebuild()
    assert digest_projections() == before


def test_a_long_name_is_a_target_and_a_longer_one_is_none(markets: None) -> None:
    body = json.loads(next(iter(ws.lines("08:20  DOCK-1  hold firmware X as H1  -"))).raw)
    for length, code in ((120, "firmware.unknown"), (121, "event.malformed")):
        body["target"] = "x" * length
        (outcome,) = record_events([json.dumps(body).encode()], recorded_at=ws.NOW)
        assert SimpleNamespace(code=outcome.refusal.code if outcome.refusal else None).code == code
        body["id"] = body["id"][:-4] + "abcd"


def test_products_without_images_build_as_before(markets: None) -> None:
    assert not Product.objects.get(code="PHONE").firmware_images.exists()
    assert {tell(line) for line in ws.lines(ws.PERSONAL)} == {"accepted"}
