"""Typical routes by product family, for a product that comes without a route of its own."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Sequence
from importlib import resources
from typing import Any

import msgspec

from karkhana.design.families.build import PartLine, ProductSpec, RouteStep, build_package
from karkhana.design.release import ReleasePackage
from karkhana.kernel.refusals import refuse

FAMILIES = ("phone", "tablet", "laptop", "hearable", "wearable", "telecom", "iot", "meter", "automotive")


def family_package(
    *, family: str, product: str, revision: str, brand: str, lines: Sequence[PartLine]
) -> ReleasePackage:
    """Build a package with the typical route of a family.

    Key parts that the bill of a bare board cannot name get part numbers of their own (``PRODUCT-BATTERY``),
    and firmware is version 1.0.0 with the digest of its name: enough to run the route, to be replaced before
    anything real is shipped.

    Raises:
        Refused: ``release.family_unknown`` or ``release.bom_empty``.
    """
    if family not in FAMILIES:
        raise refuse(
            "release.family_unknown",
            "There is no family {family}.",
            "Choose one of {families}.",
            family=family,
            families=", ".join(FAMILIES),
        )
    if not any(line.references for line in lines):
        raise refuse(
            "release.bom_empty",
            "The bill of material of {product} {revision} has no part with a designator.",
            "Import its bill first: karkhana import bom FILE --product {product} --rev {revision}.",
            product=product,
            revision=revision,
        )
    document = _document(family, product)
    steps = tuple(msgspec.convert(step, RouteStep) for step in document.pop("step"))
    spec = msgspec.convert(
        document | {"name": product, "brand": brand, "segment": family, "revision": revision}, ProductSpec
    )
    package, _ = build_package(product=product, revision=revision, spec=spec, route=steps, lines=lines)
    return package


def _document(family: str, product: str) -> dict[str, Any]:
    text = resources.files(__package__).joinpath(f"{family}.toml").read_text(encoding="utf-8")
    plain = product.replace("\\", "").replace('"', "").replace("'", "")
    document = tomllib.loads(text.replace("{product_pattern}", re.escape(plain)).replace("{product}", plain))
    for image in document.get("firmware", ()):
        name = f"{product}/{image['target']}/{image['version']}"
        image["sha256"] = hashlib.sha256(name.encode()).hexdigest()
    return document
