"""How pages of purchasing write kinds, columns, cells and rupees."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.translation import gettext, gettext_noop

register = template.Library()

WORDS = {
    "purchases": gettext_noop("purchase register"),
    "bills-of-entry": gettext_noop("bills of entry"),
    "rates": gettext_noop("exchange rates"),
    "certificates": gettext_noop("local-content certificates"),
    "suppliers": gettext_noop("suppliers"),
    "parts": gettext_noop("parts"),
    "prices": gettext_noop("prices"),
    "customs": gettext_noop("customs"),
    "reference": gettext_noop("reference of the day"),
    "average": gettext_noop("average of a period"),
    "fixed": gettext_noop("fixed for a reference year"),
    "import": gettext_noop("own import"),
    "domestic": gettext_noop("made in the country"),
    "reseller": gettext_noop("imported, bought here"),
    "consigned": gettext_noop("consigned by the brand"),
    "maker": gettext_noop("maker"),
    "distributor": gettext_noop("distributor"),
    "brand": gettext_noop("brand"),
    "lot": gettext_noop("lot"),
    "supplier": gettext_noop("supplier"),
    "part": gettext_noop("part"),
    "invoice": gettext_noop("invoice"),
    "invoice_line": gettext_noop("invoice line"),
    "invoice_date": gettext_noop("invoice date"),
    "quantity": gettext_noop("quantity"),
    "value": gettext_noop("value"),
    "unit_price": gettext_noop("unit price"),
    "price_unit": gettext_noop("price for so many"),
    "currency": gettext_noop("currency"),
    "exchange_rate": gettext_noop("exchange rate"),
    "freight": gettext_noop("freight"),
    "insurance": gettext_noop("insurance"),
    "incoterm": gettext_noop("Incoterm"),
    "hsn": gettext_noop("HSN"),
    "origin": gettext_noop("origin"),
    "channel": gettext_noop("channel"),
    "tax": gettext_noop("GST"),
    "tax_creditable": gettext_noop("GST can be credited"),
    "repackaged": gettext_noop("repackaged"),
    "supplier_name": gettext_noop("supplier's name"),
    "supplier_country": gettext_noop("supplier's country"),
    "supplier_role": gettext_noop("supplier's role"),
    "tax_id": gettext_noop("GSTIN"),
    "number": gettext_noop("number"),
    "date": gettext_noop("date"),
    "port": gettext_noop("port"),
    "item": gettext_noop("item"),
    "assessable": gettext_noop("assessable value"),
    "duty_percent": gettext_noop("basic duty, per cent"),
    "duty": gettext_noop("basic duty"),
    "surcharge": gettext_noop("social welfare surcharge"),
    "other": gettext_noop("other duties"),
    "kind": gettext_noop("kind"),
    "rate": gettext_noop("rate"),
    "per": gettext_noop("for so many units"),
    "valid_from": gettext_noop("valid from"),
    "valid_to": gettext_noop("valid until"),
    "source": gettext_noop("source"),
    "method": gettext_noop("method"),
    "percent": gettext_noop("per cent"),
    "auditor": gettext_noop("auditor"),
    "membership": gettext_noop("membership or UDIN"),
    "file_name": gettext_noop("file"),
    "file_sha256": gettext_noop("SHA-256 of the document"),
    "code": gettext_noop("code"),
    "name": gettext_noop("name"),
    "country": gettext_noop("country"),
    "role": gettext_noop("role"),
    "manufacturer": gettext_noop("manufacturer"),
    "description": gettext_noop("description"),
    "group": gettext_noop("group"),
    "unit": gettext_noop("unit"),
    "price": gettext_noop("price"),
    "minimum": gettext_noop("minimum quantity"),
    "freight_percent": gettext_noop("freight, per cent"),
    "maker_part": gettext_noop("maker's part number"),
    "sourced": gettext_noop("sourced"),
    "secondary": gettext_noop("from a secondary source"),
    "unverified": gettext_noop("unverified"),
    "derived": gettext_noop("derived"),
    "disputed": gettext_noop("disputed"),
    "phone": gettext_noop("phone"),
    "wearable": gettext_noop("wearable"),
    "hearable": gettext_noop("hearable"),
    "smart_meter": gettext_noop("smart meter"),
}
"""Names of kinds, fields and states as people say them."""
_DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_PAISE = Decimal("0.01")


@register.filter
def register_word(name: Any) -> str:
    """Say the name of a kind, a field or a state; one that is not known as it stands."""
    word = WORDS.get(str(name))
    return gettext(word) if word else str(name).replace("_", " ")


@register.filter
def cell(value: Any) -> str:
    """Write what was read of a cell: numbers exactly, dates without doubt, yes and no in words."""
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, dt.date):
        return date_format(value, "j M Y")
    return str(value)


@register.filter
def rupees(amount: Decimal | None) -> str:
    """Write rupees to the paisa with Indian grouping; below one rupee with four decimals."""
    if amount is None:
        return "–"
    places = _PAISE if abs(amount) >= 1 or not amount else _PAISE / 100
    whole, _, rest = f"{abs(amount).quantize(places, ROUND_HALF_UP):f}".partition(".")
    head, tail = whole[:-3], whole[-3:]
    groups = [tail]
    while head:
        head, group = head[:-2], head[-2:]
        groups.insert(0, group)
    return ("−" if amount < 0 else "") + ",".join(groups) + "." + rest


@register.filter
def visible(delimiter: str) -> str:
    """Name a delimiter that would not be seen."""
    return _DELIMITERS.get(delimiter, delimiter)
