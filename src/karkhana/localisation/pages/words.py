"""What the codes of methods, channels, terms and doubts are called on pages."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

WORDS = {
    "import": gettext_noop("own import"),
    "domestic": gettext_noop("made and bought in the country"),
    "reseller": gettext_noop("imported, bought in the country"),
    "consigned": gettext_noop("handed in by the brand"),
    "unknown": gettext_noop("nothing shows where it comes from"),
    "abroad": gettext_noop("paid abroad"),
    "own": gettext_noop("own term"),
    "cif": gettext_noop("CIF value"),
    "duty": gettext_noop("customs duty that is not credited"),
    "igst": gettext_noop("IGST"),
    "igst_not_creditable": gettext_noop("IGST that is not credited"),
    "tax": gettext_noop("taxes"),
    "tax_not_creditable": gettext_noop("taxes that are not credited"),
    "landed": gettext_noop("landed cost"),
    "price": gettext_noop("net price"),
    "ex_factory_price": gettext_noop("ex-factory price"),
    "fob": gettext_noop("FOB value"),
    "discount": gettext_noop("discount"),
    "excess_discount": gettext_noop("discount beyond the dealer's margin"),
    "credit_note": gettext_noop("credit notes"),
    "exempted_import": gettext_noop("exempted imports"),
    "royalty_abroad": gettext_noop("royalty paid abroad"),
    "licence_abroad": gettext_noop("licence paid abroad"),
    "technical_fee_abroad": gettext_noop("technical fee paid abroad"),
    "service_abroad": gettext_noop("service bought abroad"),
    "software_abroad": gettext_noop("software bought abroad"),
    "royalty_local": gettext_noop("royalty paid in the country"),
    "software_local": gettext_noop("software made in the country"),
    "conversion": gettext_noop("labour, power and tests"),
    "design": gettext_noop("design"),
    "research": gettext_noop("research"),
    "packing": gettext_noop("packing"),
    "overhead": gettext_noop("overhead"),
    "profit": gettext_noop("profit"),
    "warranty": gettext_noop("warranty"),
    "none": gettext_noop("nothing is local"),
    "all": gettext_noop("all is local"),
    "certificate": gettext_noop("local as the supplier certifies"),
    "origin": gettext_noop("local when made in the country"),
    "local": gettext_noop("local"),
    "imported": gettext_noop("imported"),
    "left_out": gettext_noop("not counted"),
    "include": gettext_noop("included"),
    "exclude": gettext_noop("left out"),
    "bill_of_entry_customs_rate": gettext_noop("customs rate of the bill of entry"),
    "invoice_date_reference_rate": gettext_noop("reference rate of the invoice's day"),
    "period_average": gettext_noop("average of the period"),
    "fixed_reference_year": gettext_noop("fixed reference year"),
    "igst_on_import": gettext_noop("IGST on imports"),
    "uncertified": gettext_noop("purchases without a certificate"),
    "look_through": gettext_noop("purchases in the country"),
    "exchange_rate": gettext_noop("exchange rate"),
    "resellers": gettext_noop("imported items bought here"),
    "duty_on_import": gettext_noop("customs duty on imports"),
    "sourced": gettext_noop("official text"),
    "secondary": gettext_noop("secondary"),
    "derived": gettext_noop("derived"),
    "disputed": gettext_noop("disputed"),
    "unverified": gettext_noop("unverified"),
}
"""Codes as people say them."""

DOUBTS = {
    "no_receipt": gettext_noop("No receipt says what the lot cost."),
    "no_price": gettext_noop("No price is known."),
    "no_bill_of_entry": gettext_noop("The bill of entry of this import is not there."),
    "no_rate": gettext_noop("No exchange rate is known for the day."),
    "no_origin": gettext_noop("The country of origin cannot be shown."),
    "no_lot": gettext_noop("The record does not tell which lot was consumed."),
    "lot_differs": gettext_noop("The receipt speaks of another part than the record."),
    "certificate_missing": gettext_noop("The supplier's certificate of local content is missing."),
    "certificate_expired": gettext_noop("The supplier's certificate had run out on the day of purchase."),
    "certificate_other_method": gettext_noop("The supplier's certificate rests on another method."),
    "not_finished": gettext_noop("The unit is not finished, or was scrapped."),
    "certificate_no_file": gettext_noop("The file of the certificate is not there."),
    "charge_no_document": gettext_noop("No document shows this amount."),
    "term_missing": gettext_noop("The product has no amount of this kind for the day."),
    "figure_unverified": gettext_noop("A figure of the method is not verified."),
}
"""The sentences of ``rules.pieces.DOUBTS``, where translators find them."""


def said(code: str) -> str:
    """Return a code in words; one that is not known without underlines."""
    text = WORDS.get(code)
    return gettext(text) if text else code.replace("_", " ")


def doubt_said(code: str) -> str:
    """Return the sentence of a doubt."""
    text = DOUBTS.get(code)
    return gettext(text) if text else code.replace("_", " ")
