"""Writes a certificate as PDF. The same data gives the same bytes, on any machine.

The document is set by typst with the fonts that its package brings (they have the rupee sign); fonts of the
machine are not looked at. Data goes in as JSON, so that no name can become markup.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any

from karkhana.kernel.tax import printed_hsn
from karkhana.localisation.certificate.rules import shown
from karkhana.localisation.certificate.writing import parts, rupees, units_said

TEMPLATE = "certificate.typ"


def certificate_pdf(data: Mapping[str, Any], sha256: str) -> bytes:
    """Write the certificate with its annexure.

    Args:
        data: as stored, read back from JSON.
        sha256: of the stored data.
    """
    import typst

    source = resources.files(__package__).joinpath(TEMPLATE).read_bytes()
    issued = dt.datetime.fromisoformat(data["issued_at"])
    made = typst.compile(
        source,
        sys_inputs={"data": json.dumps(_shown(document_view(data, sha256)), ensure_ascii=False)},
        ignore_system_fonts=True,
        format="pdf",
        timestamp=int(issued.timestamp()),
    )
    assert isinstance(made, bytes)
    return made


def _shown(value: Any) -> Any:
    """Replace letters that the fonts do not have, all through the data."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {key: _shown(item) for key, item in value.items()}
    return [_shown(item) for item in value] if isinstance(value, (list, tuple)) else value


def document_view(data: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    """Return what the document says, in words."""
    result = data["result"]
    return {
        "title": "Certificate of local content"
        if data["auditor"]["name"]
        else "Self-certificate of local content",
        "under": f"{data['method']['name']} · {data['method']['order']} · method {data['method']['id']}",
        "number": data["number"],
        "sha256": sha256,
        "maker": data["maker"],
        "head": _head(data),
        "percent": f"{result['certified']} %",
        "percent_said": f"local content, cut to two decimals from {result['percent']} %",
        "grade": result["class"] or "No class is defined by this method",
        "declaration": _declaration(data),
        "signatures": _signatures(data),
        "annexure_said": (
            f"To certificate {data['number']}. Amounts in rupees, rounded to two decimals for reading;"
            " the workbook of this certificate lists every lot with exact amounts."
        ),
        "parts": [
            {
                "title": part.title,
                "said": part.said,
                "head": part.head,
                "rows": part.rows,
                "widths": part.widths,
                "right": part.right,
                "mono": part.mono,
            }
            for part in parts(data)
        ],
    }


def day(text: str) -> str:
    """Write a date as 23 Nov 2026."""
    found = dt.date.fromisoformat(text[:10])
    names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{found.day} {names[found.month - 1]} {found.year}"


def _head(data: Mapping[str, Any]) -> list[tuple[str, str]]:
    item, period, replaces = data["item"], data["period"], data["replaces"]
    rows = [
        ("Number", data["number"]),
        ("Date", day(data["issued_at"])),
        ("Certified by", ", ".join(filter(None, (data["maker"]["name"], data["maker"]["id"])))),
        ("Item", f"{item['name']} (product {item['product']})"),
        ("HSN", printed_hsn(item["hsn"])),
        ("Value is added at", "; ".join(data["places"])),
        (
            "Cost data of",
            f"{day(period['first'])} to {day(period['last'])}, {units_said(period['units'])}",
        ),
        ("Bid or order", data["contract"]["tender"]),
        ("Contract value", f"₹ {rupees(data['contract']['value'])}" if data["contract"]["value"] else ""),
        (
            "Replaces",
            f"{replaces['number']} (SHA-256 {replaces['sha256'][:16]} …). {replaces['reason']}".strip()
            if replaces["number"]
            else "",
        ),
    ]
    return [row for row in rows if row[1]]


def _declaration(data: Mapping[str, Any]) -> list[str]:
    result, period = data["result"], data["period"]
    said = (
        f"We certify that the local content of the item named above is {result['certified']} per cent"
        f"{', ' + result['class'] if result['class'] else ''}, found by the method {data['method']['id']}"
        f" ({data['method']['order']}) from the cost of what was completed in the period"
        f" ({units_said(period['units'])}), and that value is added at the places named above."
    )
    rests = (
        "The percentage was computed from the lots that the units really consumed. The annexure lists the"
        " imported content, the imported items bought in the country with their taxes, what is paid abroad,"
        " and the documents behind them. Figures of the rules and the choices taken are named there."
    )
    if not data["auditor"]["name"]:
        return [said, rests]
    audited = (
        f"{data['auditor']['role'] or 'Auditor'}: I have examined the annexure and the records behind it, and"
        f" certify that the local content is {result['certified']} per cent."
    )
    return [said, rests, audited]


def _signatures(data: Mapping[str, Any]) -> list[list[str]]:
    signatory, auditor = data["signatory"], data["auditor"]
    found = [
        [
            "For the maker",
            signatory["name"],
            signatory["designation"],
            _named("Membership", signatory["membership"]),
        ]
    ]
    if auditor["name"]:
        found.append(
            [
                auditor["role"] or "Auditor",
                auditor["name"],
                _named("Membership", auditor["membership"]),
                _named("UDIN", auditor["udin"]),
            ]
        )
    return [[part for part in who if part] for who in found]


def _named(name: str, value: str) -> str:
    return f"{name} {value}" if value else ""
