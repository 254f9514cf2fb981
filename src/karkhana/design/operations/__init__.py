"""Writes of the design room: products, bills, the life of a revision."""

from karkhana.design.operations.bills import drop_line, import_bom, save_line
from karkhana.design.operations.exchange import Imported, export_release, import_release
from karkhana.design.operations.products import UNASSIGNED, create_product, ensure_product, set_agreement
from karkhana.design.operations.revisions import (
    approve_revision,
    approve_revision_signed,
    create_revision,
    end_revision,
    release_changed,
    release_reviewed,
    release_revision,
    return_to_draft,
    save_plan,
    submit_revision,
)

__all__ = [
    "UNASSIGNED",
    "Imported",
    "approve_revision",
    "approve_revision_signed",
    "create_product",
    "create_revision",
    "drop_line",
    "end_revision",
    "ensure_product",
    "export_release",
    "import_bom",
    "import_release",
    "release_changed",
    "release_reviewed",
    "release_revision",
    "return_to_draft",
    "save_line",
    "save_plan",
    "set_agreement",
    "submit_revision",
]
