"""What a release file holds: the shape of its members, and the names that there are."""

from __future__ import annotations

import re
from dataclasses import dataclass

import msgspec

from karkhana.design.release import ReleasePackage

FORMAT, VERSION = "karkhana.release", 1
MANIFEST, PACKAGE, APPROVALS, README, WORKBOOK = (
    "manifest.json", "package.json", "approvals.json", "README.txt", "bom.xlsx",
)  # fmt: skip
DERIVED = ("bom.csv", "route.json", "identities.csv", "firmware.json", "labels.json")
"""Members that repeat parts of the package for people and other programs; made anew and compared."""
REQUIRED = (MANIFEST, PACKAGE, APPROVALS, README, WORKBOOK, *DERIVED)
DOCUMENT = re.compile(r"documents/([0-9a-f]{64})")


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the manifest says of a member: SHA-256, length in bytes, and the type of a document."""

    sha256: str
    size: int
    media_type: str = ""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table of contents.

    Args:
        hash: SHA-256 of ``package.json``, the content hash of the release.
        name: of the product, for a place that does not know it yet.
        members: name to digest, of every member but the manifest itself.
        absent: documents that the package names but that were not stored where it was exported.
    """

    format: str
    version: int
    product: str
    revision: str
    brand: str
    name: str
    hash: str
    members: dict[str, Member]
    absent: tuple[str, ...] = ()


class SignedApproval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An approval as it was signed: checked with nothing but the public key that the statement names."""

    party: str
    name: str
    public_key: str
    statement: str
    signature: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document or certificate by its content."""

    content: bytes
    media_type: str = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A release with everything that goes with it.

    Args:
        data: the bytes of the package, whose SHA-256 is the content hash.
        package: what they say.
        name: of the product.
        documents: SHA-256 to content, as far as they are at hand.
    """

    data: bytes
    package: ReleasePackage
    name: str
    approvals: tuple[SignedApproval, ...]
    documents: dict[str, Attachment]


def named_files(package: ReleasePackage) -> tuple[str, ...]:
    """Return the SHA-256 of every document and certificate that a package names, each once."""
    evidence = (item.evidence for item in package.compliance if item.evidence)
    return tuple(dict.fromkeys((*(document.sha256 for document in package.documents), *evidence)))
