"""Typical plans by product family, for a product that comes without one of its own."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

import msgspec

from karkhana.design.compiling import compile_package
from karkhana.design.families.build import ProductSpec, numbered_steps, product_plan
from karkhana.design.plan import Plan
from karkhana.design.release import BomItem, ComplianceItem, ReleasePackage
from karkhana.kernel.refusals import refuse

FAMILIES = ("phone", "tablet", "laptop", "hearable", "wearable", "telecom", "iot", "meter", "automotive")


def family_plan(*, family: str, product: str) -> Plan:
    """Return the typical plan of a family for a product: route, identity plan, labels, compliance list.

    Key parts that the bill of a bare board cannot name get part numbers of their own (``PRODUCT-BATTERY``),
    and firmware is version 1.0.0 with the digest of its name: enough to run the route, to be replaced before
    anything real is shipped.

    Raises:
        Refused: ``release.family_unknown``.
    """
    if family not in FAMILIES:
        raise refuse(
            "release.family_unknown",
            "There is no family {family}.",
            "Choose one of {families}.",
            family=family,
            families=", ".join(FAMILIES),
        )
    document = _document(family, product)
    steps = numbered_steps(document.pop("step"))
    spec = msgspec.convert(
        document | {"name": product, "brand": "", "segment": family, "revision": ""}, ProductSpec
    )
    return product_plan(spec, steps)


def family_package(
    *, family: str, product: str, revision: str, brand: str, items: Sequence[BomItem]
) -> ReleasePackage:
    """Build a package with the typical plan of a family.

    Raises:
        Refused: ``release.family_unknown`` or ``release.bom_empty``.
    """
    plan = family_plan(family=family, product=product)
    if not any(item.references for item in items):
        raise refuse(
            "release.bom_empty",
            "The bill of material of {product} {revision} has no part with a designator.",
            "Import its bill first: karkhana import bom FILE --product {product} --rev {revision}.",
            product=product,
            revision=revision,
        )
    package, _ = compile_package(
        product=product, revision=revision, brand=brand, segment=family, plan=plan, items=items
    )
    return package


def _document(family: str, product: str) -> dict[str, Any]:
    text = _text(family)
    plain = product.replace("\\", "").replace('"', "").replace("'", "")
    document = tomllib.loads(text.replace("{product_pattern}", re.escape(plain)).replace("{product}", plain))
    for image in document.get("firmware", ()):
        name = f"{product}/{image['target']}/{image['version']}"
        image["sha256"] = hashlib.sha256(name.encode()).hexdigest()
    rules = compliance_rules()
    document["compliance"] = [msgspec.to_builtins(rules[code]) for code in document.get("compliance", ())]
    return document


@cache
def compliance_rules() -> dict[str, ComplianceItem]:
    """Return everything that a product may need before it is sold in India, by code (``compliance.toml``)."""
    return {
        code: msgspec.convert({"code": code} | said, ComplianceItem)
        for code, said in tomllib.loads(_text("compliance")).items()
    }


@cache
def _text(name: str) -> str:
    return resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
