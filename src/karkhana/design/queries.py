"""Reads of the design room."""

from __future__ import annotations

from karkhana.design.families.build import PartLine, merge_lines
from karkhana.design.models import Revision
from karkhana.design.release import ReleasePackage, decode_package


def revision_lines(*, product_code: str, revision_code: str) -> tuple[PartLine, ...]:
    """Return the fitted lines of a stored bill, one per part; empty when there is no such revision."""
    revision = Revision.objects.filter(product__code=product_code, code=revision_code).first()
    if revision is None:
        return ()
    return merge_lines(
        (
            line.part_number or " ".join(filter(None, (line.value, line.package))) or f"LINE-{line.number}",
            line.package,
            line.quantity,
            line.references,
            [alternate for _, alternate in line.alternates],
            line.manufacturer,
        )
        for line in revision.lines.order_by("number")
        if line.references or line.mechanical
    )


def released_package(*, product_code: str, revision_code: str) -> ReleasePackage | None:
    """Return the package of a released revision, None when there is none."""
    revision = Revision.objects.filter(
        product__code=product_code, code=revision_code, package__isnull=False
    ).first()
    return decode_package(revision.package) if revision and revision.package else None
