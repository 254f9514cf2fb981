"""Route templates and the way from a bill of material and a route to a release package.

``build_package`` joins a route, as written in a TOML file, with the lines of a bill; ``family_package``
does it with the typical route of a product family (``*.toml`` beside this file). Pure: files in, values out.
"""

from karkhana.design.families.build import PartLine, ProductSpec, RouteStep, build_package, part_lines
from karkhana.design.families.templates import FAMILIES, family_package

__all__ = [
    "FAMILIES",
    "PartLine",
    "ProductSpec",
    "RouteStep",
    "build_package",
    "family_package",
    "part_lines",
]
