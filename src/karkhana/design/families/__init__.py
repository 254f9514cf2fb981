"""Templates of product families: typical route, identity plan, label set and compliance list (``*.toml``).

Pure: files in, values out.
"""

from karkhana.design.families.build import ProductSpec, numbered_steps, product_plan
from karkhana.design.families.templates import FAMILIES, compliance_rules, family_package, family_plan

__all__ = [
    "FAMILIES",
    "ProductSpec",
    "compliance_rules",
    "family_package",
    "family_plan",
    "numbered_steps",
    "product_plan",
]
