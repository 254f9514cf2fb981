"""The reference enterprise is complete, consistent and releasable, and a broken one is refused by name."""

from __future__ import annotations

import datetime as dt
import shutil
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from karkhana.design.families import FAMILIES, family_package
from karkhana.design.release import BomItem, check_package, decode_package, encode_package
from karkhana.kernel.refusals import Refused
from karkhana.sim.scenario import DEFAULT, Scenario, install, load_scenario


@pytest.fixture(scope="module")
def scenario() -> Scenario:
    return load_scenario()


def test_every_product_can_be_released(scenario: Scenario) -> None:
    for product in scenario.products.values():
        for package in product.packages.values():
            assert check_package(package) == ()
            assert 12 <= len(package.steps) <= 35
            assert decode_package(encode_package(package)) == package


def test_quantities_are_the_number_of_references(scenario: Scenario) -> None:
    for product in scenario.products.values():
        assert product.bom.quantity_mismatches == ()
        assert product.bom.unparsed == ()
        for line in product.bom.lines:
            if line.references:
                assert line.quantity == len(line.references) == len(set(line.references))


def test_designators_stand_once(scenario: Scenario) -> None:
    for product in scenario.products.values():
        references = [ref for line in product.bom.lines for ref in line.references]
        assert len(references) == len(set(references)), product.code


def test_bills_have_a_realistic_size(scenario: Scenario) -> None:
    def lines(*codes: str) -> int:
        return sum(len(scenario.products[code].bom.lines) for code in codes)

    assert 180 <= lines("OST-P7", "OST-P7-MB") <= 350
    assert lines("KAV-T11", "KAV-T11-MB") >= 200
    assert lines("OST-L14", "OST-L14-MB") >= 300
    assert lines("SUN-E5") >= 60
    assert lines("TUR-M3") >= 90
    assert lines("TUR-B48") >= 120


def test_one_device_in_each_segment_and_five_brands(scenario: Scenario) -> None:
    segments = {product.spec.segment for product in scenario.products.values()}
    assert segments == {*FAMILIES, "subassembly"}
    assert len(scenario.brands) == 5


def test_capacity_is_about_two_million_a_month(scenario: Scenario) -> None:
    assert abs(scenario.devices_per_month - 2_000_000) <= 100_000


def test_identity_ranges_do_not_overlap(scenario: Scenario) -> None:
    ranges: list[tuple[str, str, str]] = []
    for product in scenario.products.values():
        for rule in product.spec.identity:
            if rule.first and rule.last:
                space = "mac" if rule.scheme in ("eui48", "bluetooth") else rule.scheme
                ranges.append((space, rule.first, rule.last))
    ranges.sort()
    assert len(ranges) > 10
    for (space, _, last), (other, first, _) in pairwise(ranges):
        assert space != other or last < first


def test_products_that_share_a_line_do_not_share_feeder_slots(scenario: Scenario) -> None:
    for line, pairs in scenario.setups.items():
        owner: dict[tuple[str, str], str] = {}
        for code, revision in sorted(pairs):
            for step in scenario.products[code].packages[revision].steps:
                for material in step.materials:
                    key = (step.station_type, material.location or "")
                    assert owner.setdefault(key, material.part) == material.part, (line, key)


def test_every_line_has_a_repair_bench_and_every_plant_its_docks(scenario: Scenario) -> None:
    for stations in scenario.stations_of_line.values():
        assert any(station.station_type == "REPAIR" for station in stations)
    for plant in scenario.plants:
        types = {
            station.station_type
            for line, stations in scenario.stations_of_line.items()
            if scenario.plant_of_line[line] == plant.code
            for station in stations
        }
        assert {"RECEIVING", "SHIPPING"} <= types


@pytest.mark.parametrize("family", FAMILIES)
def test_family_templates_can_be_released(family: str) -> None:
    items = [BomItem(1, "RES-10K", package="R0402", quantity=Decimal(2), references=("R1", "R2"))]
    package = family_package(family=family, product="A.B+1", revision="A", brand="OSTREL", items=items)
    assert check_package(package) == ()
    assert 12 <= len(package.steps) <= 35


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("lines.csv", "N1-SMT1,N1,", "N1-SMT1,N9,", "scenario.reference"),
        ("partners.toml", '"OST-CG7"', '"OST-XX"', "scenario.reference"),
        ("partners.toml", '["revision", "change_order"]', '["revisions"]', "scenario.reference"),
        ("partners.toml", "[[party]]", "[[parties]]", "scenario.field"),
        ("stations.csv", ",MARK,", ",MAKR,", "scenario.reference"),
        ("streams.csv", ",9000,", ",many,", "scenario.field"),
        ("station_types.csv", ",yes,", ",maybe,", "scenario.field"),
        ("products/OST-P7/bom.csv", "BM6A-5000-NM,", "BM6A-5000-XX,", "scenario.package"),
        ("products/OST-P7/route.toml", 'materials = "packing"', "", "scenario.package"),
        ("products/OST-P7/product.toml", "segment = ", "segmnt = ", "scenario.field"),
        ("products/OST-P7-MB/bom.csv", "U1202 U1203,2,", "U1202 U1203,3,", "scenario.bom"),
        ("enterprise.toml", "name = ", "name ", "scenario.field"),
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, file: str, old: str, new: str, code: str) -> None:
    folder = tmp_path / "noida"
    shutil.copytree(DEFAULT, folder)
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused) as caught:
        load_scenario(folder)
    assert caught.value.refusal.code == code
    assert "{" not in caught.value.refusal.message


def test_a_missing_file_or_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        load_scenario(tmp_path / "nowhere")
    assert caught.value.refusal.code == "scenario.no_folder"
    with pytest.raises(Refused) as caught:
        load_scenario(tmp_path)
    assert caught.value.refusal.code == "scenario.file_missing"


@pytest.mark.django_db
def test_installing_twice_changes_nothing_but_expired_certificates(scenario: Scenario) -> None:
    from karkhana.design.models import BomLine, Revision
    from karkhana.floor.models import LineSetup, Station
    from karkhana.people.models import Certificate

    def counts() -> tuple[int, ...]:
        return tuple(kind.objects.count() for kind in (Revision, BomLine, Station, LineSetup, Certificate))

    today = dt.date(2026, 3, 2)
    install(scenario, today=today)
    first = counts()
    install(scenario, today=today)
    assert counts() == first
    install(scenario, today=today + dt.timedelta(days=30))
    assert counts()[:-1] == first[:-1]
    assert counts()[-1] > first[-1]


@pytest.mark.django_db
def test_people_of_partners_sign_with_what_is_printed(scenario: Scenario) -> None:
    from django.contrib.auth import authenticate

    from karkhana.design.models import Product
    from karkhana.partners import signing
    from karkhana.partners.models import Agreement, AgreementParty, Signatory
    from karkhana.sim.partners import install_partners, install_people

    today = dt.date(2026, 6, 15)
    install(scenario, today=today)
    install_partners(scenario.partners)
    assert Agreement.objects.count() == len(scenario.partners.agreement)
    approves = {
        row.party.code: row.approves for row in AgreementParty.objects.filter(agreement__code="ALLIANCE")
    }
    assert approves["OSTREL"] == approves["JAMUNAPAR"]
    assert Product.objects.get(code="OST-P7").agreement.code == "ALLIANCE"  # type: ignore[union-attr]
    now = dt.datetime.combine(today, dt.time(), dt.UTC)
    first, again = (install_people(scenario.partners, now=now) for _ in range(2))
    for login, password, _ in again:
        assert authenticate(username=login, password=password)
        key = Signatory.objects.get(user__username=login, revoked_at=None)
        assert signing.verify(key.public_key, signing.sign(key.sealed_key or "", password, b"x"), b"x")
    assert {password for _, password, _ in first}.isdisjoint(password for _, password, _ in again)
