"""The gate with pools: only what was drawn for this product is written into a unit."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType

import msgspec
import pytest

from floor import workshop as ws
from floor.chaos import DECODER
from floor.pool_tables import POOLED
from floor.test_gate_scenarios import tell
from karkhana.design.release import IdentityRule, check_package
from karkhana.floor.operations import record_events
from karkhana.floor.pools.draws import draw
from karkhana.floor.pools.files import RangeLine
from karkhana.floor.pools.operations import create_pool, import_ranges, spoil
from karkhana.floor.rebuild import digest_projections, rebuild
from karkhana.floor.rules import World, apply, decide
from karkhana.floor.setup import ensure_plant

pytestmark = pytest.mark.usefixtures("rolled_back")


@pytest.fixture
def pools(rolled_back: None) -> None:
    """A pool of IMEIs 1 to 9 of ACME's phones, of which 1 to 3 are drawn and 3 is spoilt; others' pools."""
    ensure_plant(code="FAR", name="Far", time_zone=ws.IST)
    for code, brand, scheme, more, first, last in (
        ("IMEI", "ACME", "imei", {"product": "PHONE", "kind": "imei"}, ws.imei(1), ws.imei(9)),
        ("TOYS", "ACME", "imei", {"product": "TOY"}, ws.imei(21), ws.imei(29)),
        ("OTHER", "ZEN", "imei", {}, ws.imei(31), ws.imei(39)),
        ("FAR-MAC", "ACME", "eui48", {"plant": "FAR"}, "020000000900", "0200000009FF"),
    ):
        create_pool(code=code, brand=brand, scheme=scheme, now=ws.NOW, **more)
        import_ranges(lines=[RangeLine("here", first, last)], pool=code, now=ws.NOW)
        draw(pool=code, count=3, now=ws.NOW)
    spoil(pool="IMEI", value=ws.imei(3), reason="label torn", now=ws.NOW)


@pytest.mark.parametrize("name", POOLED)
def test_table(name: str, pools: None) -> None:
    for line in ws.lines(POOLED[name]):
        assert tell(line) == line.outcome, line.text


def test_units_born_in_the_same_batch_are_checked_too(pools: None) -> None:
    lines = list(ws.lines(POOLED["a value is drawn before it is written"]))
    answers = record_events([line.raw for line in lines], recorded_at=ws.NOW)
    assert [a.refusal.code if a.refusal else a.status for a in answers] == [line.outcome for line in lines]


def test_what_was_written_stays_whatever_becomes_of_pools(pools: None) -> None:
    for line in ws.lines(ws.PERSONAL):
        assert tell(line) == "accepted"
    before = digest_projections()
    create_pool(code="MAC", brand="ACME", scheme="eui48", now=ws.NOW)
    assert digest_projections() == before
    rebuild()
    assert digest_projections() == before


@pytest.mark.parametrize(
    ("label", "answer"),
    [
        ("PH2624NOIDA0001Q", None),
        ("PH2624NOIDA0001A", "the check character should be"),
        ("PH2654NOIDA0001Q", "'54' cannot be the week"),
        ("PH2624DELHI0001Q", "the plant should be NOIDA, not DELHI"),
        ("PH1", "no number of the form"),
    ],
)
def test_a_serial_number_is_written_as_its_template_says(label: str, answer: str | None) -> None:
    rule = IdentityRule("label", "serial", template="PH{yy}{ww}{plant}{n:04}{check}")
    package = msgspec.structs.replace(ws.PHONE, identities=(*ws.PHONE.identities[:2], rule))
    assert check_package(package) == ()
    known = ws.pure_reference()
    releases = MappingProxyType({**known.releases, ("PHONE", "A"): package})
    world = World(dataclasses.replace(known, releases=releases))
    for number, line in enumerate(ws.lines(ws.ASSEMBLED)):
        event = DECODER.decode(line.raw)
        assert decide(world, event, ws.NOW) is None
        apply(world, event, number)
    (line,) = ws.lines(
        f"08:12  PER-1  write U1 imei={ws.imei(1)} mac=02:00:00:00:00:01 label={label} fw=1.0  -"
    )
    refusal = decide(world, DECODER.decode(line.raw), ws.NOW)
    if answer is None:
        assert refusal is None
    else:
        assert refusal is not None
        assert (refusal.code, answer in refusal.message) == ("identity.malformed", True), refusal.message


def test_a_template_is_checked_before_a_release() -> None:
    wrong = msgspec.structs.replace(ws.PHONE, identities=(IdentityRule("x", "imei", template="{nn}"),))
    assert len([problem for problem in check_package(wrong) if "template" in problem]) == 2
