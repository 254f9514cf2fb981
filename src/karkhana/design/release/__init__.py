"""What is released and how: the package that the gate reads, its parts and its checks. Pure."""

from karkhana.design.release.checks import check_package
from karkhana.design.release.package import ReleasePackage, decode_package, encode_package, package_hash
from karkhana.design.release.parts import (
    PACK_MAX,
    BomItem,
    ComplianceItem,
    Document,
    FirmwareRule,
    IdentityRule,
    KeyPart,
    LabelRule,
    PackPlan,
    PassedBy,
    Source,
    Step,
    StepMaterial,
    TestLimit,
)

__all__ = [
    "PACK_MAX",
    "BomItem",
    "ComplianceItem",
    "Document",
    "FirmwareRule",
    "IdentityRule",
    "KeyPart",
    "LabelRule",
    "PackPlan",
    "PassedBy",
    "ReleasePackage",
    "Source",
    "Step",
    "StepMaterial",
    "TestLimit",
    "check_package",
    "decode_package",
    "encode_package",
    "package_hash",
]
