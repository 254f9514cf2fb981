"""Writes a scenario into the reference tables, through the rooms' own operations."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from karkhana.design.families import product_plan
from karkhana.design.models import Revision, StageGate
from karkhana.design.models.product import SUPERSEDED
from karkhana.design.operations import end_revision, ensure_product, import_bom, release_revision, save_plan
from karkhana.design.stages.operations import BEFORE, adopt_stage
from karkhana.floor.setup import ensure_line, ensure_plant, ensure_setup, ensure_station, ensure_work_order
from karkhana.partners.operations import ensure_brand
from karkhana.people.models import Certificate, Operator
from karkhana.people.operations import ensure_certificate, ensure_operator
from karkhana.sim.partners import install_partners
from karkhana.sim.pools import install_pools
from karkhana.sim.scenario import Product, Scenario
from karkhana.sim.supplying import install_supplies
from karkhana.supply.operations import ensure_supplier


@transaction.atomic
def install(scenario: Scenario, *, today: dt.date) -> None:
    """Write everything; doing it again changes nothing but certificates that ran out.

    Args:
        today: the plant's day, from which certificates are dated.
    """
    for brand in scenario.brands:
        ensure_brand(code=brand.code, name=brand.name)
    for supplier in scenario.suppliers:
        ensure_supplier(
            code=supplier.code,
            name=supplier.name,
            country=supplier.country,
            role=supplier.role,
            brand=supplier.brand or None,
            tax_id=supplier.tax_id,
        )
    for plant in scenario.plants:
        ensure_plant(code=plant.code, name=plant.name, time_zone=plant.time_zone)
    for line in scenario.lines:
        ensure_line(code=line.code, plant=line.plant, kind=line.kind, name=line.name)
    for station in scenario.stations:
        ensure_station(
            code=station.code,
            line=station.line,
            station_type=station.station_type,
            name=station.name,
            sequence=station.sequence,
        )
    _install_people(scenario, today)
    released_at = dt.datetime.combine(today, dt.time(), dt.UTC)
    for product in scenario.products.values():
        _install_product(product, released_at)
        if not StageGate.objects.filter(product__code=product.code).exists():
            adopt_stage(product_code=product.code, reason=BEFORE, now=released_at)
    install_supplies(scenario, today=today)
    install_partners(scenario.partners)
    install_pools(scenario.pools, now=released_at)
    for stream in scenario.streams:
        ensure_work_order(
            code=stream.work_order,
            product=stream.product,
            revision=stream.revision,
            quantity=stream.units_per_month,
        )
    for line_code, pairs in sorted(scenario.setups.items()):
        for product_code, revision in sorted(pairs):
            ensure_setup(line=line_code, product=product_code, revision=revision)


def _install_people(scenario: Scenario, today: dt.date) -> None:
    for operator in scenario.operators:
        ensure_operator(code=operator.code, name=operator.name)
    if not Certificate.objects.exists():
        people = {operator.code: operator for operator in Operator.objects.all()}
        Certificate.objects.bulk_create(
            Certificate(
                operator=people[row.operator],
                skill=row.skill,
                valid_from=today - dt.timedelta(days=row.issued_days_ago),
                valid_to=today + dt.timedelta(days=row.days_left),
            )
            for row in scenario.certificates
        )
        return
    for row in scenario.certificates:
        ensure_certificate(
            operator=row.operator,
            skill=row.skill,
            valid_from=today - dt.timedelta(days=row.issued_days_ago),
            valid_to=today + dt.timedelta(days=row.days_left),
            today=today,
        )


def _install_product(product: Product, released_at: dt.datetime) -> None:
    spec = product.spec
    ensure_product(code=product.code, name=spec.name, brand=spec.brand, segment=spec.segment)
    for code, package in product.packages.items():
        known = Revision.objects.filter(product__code=product.code, code=code).first()
        # What an earlier version of the scenario released stays as it was released.
        if known is None or known.package is None:
            import_bom(report=product.bom, product_code=product.code, revision_code=code)
            plan = product_plan(spec, product.route)
            save_plan(product_code=product.code, revision_code=code, plan=plan)
            release_revision(
                product_code=product.code, revision_code=code, package=package, released_at=released_at
            )
    for code in spec.superseded:
        end_revision(product_code=product.code, revision_code=code, state=SUPERSEDED, now=released_at)
