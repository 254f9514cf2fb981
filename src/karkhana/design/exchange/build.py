"""Builds the ZIP file of a release: the same release gives the same bytes."""

from __future__ import annotations

import hashlib

import msgspec

from karkhana.design.exchange.content import (
    APPROVALS,
    FORMAT,
    MANIFEST,
    PACKAGE,
    README,
    VERSION,
    WORKBOOK,
    Manifest,
    Member,
    ReleaseFile,
    named_files,
)
from karkhana.design.exchange.tables import bom_workbook, derived_files, pack, readme
from karkhana.design.release import package_hash


def build_release_file(release: ReleaseFile) -> bytes:
    """Return a release as one ZIP file with a manifest of what is in it."""
    package, digest = release.package, package_hash(release.data)
    wanted = named_files(package)
    members = {
        README: readme(package, digest),
        PACKAGE: release.data,
        **derived_files(package),
        WORKBOOK: bom_workbook(package),
        APPROVALS: msgspec.json.format(msgspec.json.encode(release.approvals), indent=2) + b"\n",
        **{f"documents/{sha}": release.documents[sha].content for sha in wanted if sha in release.documents},
    }
    types = {f"documents/{sha}": document.media_type for sha, document in release.documents.items()}
    manifest = Manifest(
        format=FORMAT,
        version=VERSION,
        product=package.product,
        revision=package.revision,
        brand=package.brand,
        name=release.name,
        hash=digest,
        members={
            name: Member(hashlib.sha256(content).hexdigest(), len(content), types.get(name, ""))
            for name, content in members.items()
        },
        absent=tuple(sha for sha in wanted if sha not in release.documents),
    )
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    return pack({MANIFEST: text, **members})
