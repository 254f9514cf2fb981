"""What is unproved, in words, with the page on which it can be put right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext_lazy as _

from karkhana.localisation.pages.words import said

REGISTERS, SUPPLIERS, METHODS, TERMS = (
    "/supply/registers/",
    "/supply/suppliers/",
    "/value/methods/",
    "/value/terms/",
)
REMEDIES = {
    "no_receipt": (REGISTERS, _("Read in the purchase register")),
    "no_price": (REGISTERS, _("Read in the purchase register")),
    "no_bill_of_entry": (REGISTERS, _("Read in the bill of entry")),
    "no_rate": ("/supply/rates/", _("Enter the exchange rate")),
    "no_origin": (REGISTERS, _("Show the origin")),
    "lot_differs": (REGISTERS, _("Correct the purchase register")),
    "certificate_missing": (SUPPLIERS, _("Record the supplier's certificate")),
    "certificate_expired": (SUPPLIERS, _("Record a valid certificate")),
    "certificate_other_method": (SUPPLIERS, _("Record a certificate by this method")),
    "certificate_no_file": (SUPPLIERS, _("Record the certificate's file")),
    "charge_no_document": (TERMS, _("Enter the document")),
    "term_missing": (TERMS, _("Enter the amount")),
    "figure_unverified": (METHODS, _("See the figure")),
}
"""Where each doubt is put right: address and words of the link. ``no_lot`` has none: the past stays."""
SHOWN = 200
_SUPPLIER = frozenset({"certificate_missing", "certificate_expired", "certificate_other_method",
                       "certificate_no_file"})  # fmt: skip
_KINDS = frozenset({"term_missing", "charge_no_document"})


def doubts_shown(unproved: Iterable[Mapping[str, Any]], run: int | None = None) -> list[dict[str, Any]]:
    """Return the first of what is unproved, with links.

    Args:
        unproved: JSON forms, of one unit or of a period.
        run: number of the answer that they belong to, for links to its lots.
    """
    return [_shown(item, run) for item in list(unproved)[:SHOWN]]


def _shown(item: Mapping[str, Any], run: int | None) -> dict[str, Any]:
    address, words = REMEDIES.get(str(item["code"]), ("", ""))
    detail = str(item.get("detail") or "")
    lots = list(item.get("lots") or ([item["lot"]] if item.get("lot") else []))
    return {
        "code": item["code"],
        "part": item.get("part", ""),
        "detail": said(detail) if item["code"] in _KINDS else detail,
        "lots": lots[:6],
        "more": bool(item.get("more_lots")) or len(lots) > 6,
        "uses": item.get("uses"),
        # Of a certificate the detail is its supplier, who has a page.
        "href": f"{address}{quote(detail, safe='')}/" if item["code"] in _SUPPLIER and detail else address,
        "words": words,
        "lines": f"/value/lines/?{urlencode({'run': run, 'part': item['part']})}"
        if run and item.get("part")
        else "",
    }
