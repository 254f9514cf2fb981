"""What rows of each kind of register can say, with the headings of Tally, SAP, ICEGATE and plain lists."""

from __future__ import annotations

from karkhana.supply.registers.rules.columns import CODE, DATE, NUMBER, TEXT, YES, Field

_SUPPLIER = (
    "supplier code", "vendor code", "supplier", "vendor", "supplier name", "vendor name", "party name",
        "party",
    "party a c name", "name of supplier", "name of party", "creditor", "account", "vendor supplying plant",
    "supplier supplying plant", "name of vendor", "particulars", "seller",
)  # fmt: skip
_PART = (
    "part number", "part no", "part", "part code", "mpn", "manufacturer part number", "material",
    "material number", "material code", "material no", "item code", "stock item", "name of item", "item name",
    "item no", "sku", "product code", "item",
)  # fmt: skip
_HSN = (
    "hsn", "hsn code", "hsn sac", "hsn sac code", "tariff item", "cth", "ctsh", "hs code",
        "customs tariff head",
    "commodity code", "control code", "ritc", "ritc code",
)  # fmt: skip
_ORIGIN = (
    "origin", "country of origin", "coo", "origin country", "made in", "ctry of origin", "country origin",
)  # fmt: skip
_QUANTITY = (
    "quantity", "qty", "received qty", "received quantity", "grn qty", "gr quantity", "invoice qty",
    "qty in un of entry", "quantity in unit of entry", "order quantity", "actual quantity", "billed quantity",
    "billed qty", "accepted qty", "qty received", "pieces",
)  # fmt: skip
_CURRENCY = (
    "currency", "curr", "crcy", "cur", "currency code", "document currency", "invoice currency", "ccy",
        "inv curr",
    "doc currency",
)  # fmt: skip
_RATE = (
    "exchange rate", "exch rate", "ex rate", "rate of exchange", "fx rate", "conversion rate", "exchange rt",
)  # fmt: skip
_INVOICE = (
    "invoice number", "invoice no", "supplier invoice no", "supplier invoice number", "vendor invoice no",
        "bill no",
    "inv no", "invoice", "reference", "reference document", "supplier inv no", "ref no", "doc no",
    "document number", "supplier bill no", "purchase invoice no",
)  # fmt: skip
_INVOICE_LINE = (
    "invoice line", "line", "line no", "invoice item", "item line", "invoice line no", "line item",
        "inv line",
    "mat doc item", "position", "pos", "line number",
)  # fmt: skip
_INVOICE_DATE = (
    "invoice date", "supplier invoice date", "inv date", "bill date", "document date", "doc date",
    "date of invoice", "posting date", "voucher date", "pstng date", "date",
)  # fmt: skip
_VALUE = (
    "value", "taxable value", "taxable amount", "assessable amount", "net value", "net amount", "amount",
        "line value",
    "line amount", "basic value", "basic amount", "amount in doc curr", "amt in doc curr",
    "amount in document currency",
    "amount in lc", "amt in loc cur", "amt in loc curr",
    "net order value",
)  # fmt: skip
_PRICE = (
    "unit price", "price", "unit rate", "rate per unit", "net price", "basic rate", "price unit value",
        "rate",
    "unit cost", "purchase rate",
)  # fmt: skip

LOT = Field("lot", TEXT, (
    "lot number", "lot no", "batch", "batch no", "batch number", "internal lot", "reel id", "grn lot",
        "lot id",
))  # fmt: skip
SUPPLIER = Field("supplier", TEXT, _SUPPLIER, 120, required=True)
PART = Field("part", TEXT, _PART, 80, required=True)
HSN = Field("hsn", TEXT, _HSN, 40, required=True)
CURRENCY = Field("currency", CODE, _CURRENCY, 3)
RATE = Field("exchange_rate", NUMBER, _RATE)
VALUE = Field("value", NUMBER, _VALUE, required=True, instead=("unit_price",))
PRICE = Field("unit_price", NUMBER, _PRICE)
PRICE_UNIT = Field("price_unit", NUMBER, ("price unit", "price per"))
FREIGHT = Field("freight", NUMBER, ("freight", "freight amount", "freight charges", "freight value"))
INSURANCE = Field("insurance", NUMBER, ("insurance", "insurance amount", "insurance value"))
QUANTITY = Field("quantity", NUMBER, _QUANTITY, required=True)
INVOICE = Field("invoice", TEXT, _INVOICE, 40, required=True)
IGST_COLUMN = Field("igst", NUMBER, ("igst", "igst amount", "igst amt", "integrated tax", "igst duty amount"))

PURCHASES = (
    LOT, SUPPLIER, PART, INVOICE,
    Field("invoice_line", NUMBER, _INVOICE_LINE),
    Field("invoice_date", DATE, _INVOICE_DATE, required=True),
    QUANTITY, VALUE, PRICE, PRICE_UNIT, CURRENCY, RATE, FREIGHT, INSURANCE,
    Field("incoterm", CODE, ("incoterm", "incoterms", "inco", "terms of delivery", "delivery terms",
        "inco terms"), 3),
    HSN,
    Field("origin", CODE, _ORIGIN, 40),
    Field("channel", CODE, ("channel", "purchase type", "supply type", "procurement type"), 20),
    Field("tax", NUMBER, ("tax", "gst", "gst amount", "total tax", "tax amount", "total gst")),
    Field("cgst", NUMBER, ("cgst", "cgst amount", "cgst amt", "central tax")),
    Field("sgst", NUMBER, ("sgst", "sgst amount", "sgst amt", "state tax", "sgst utgst", "utgst")),
    IGST_COLUMN,
    Field("tax_creditable", YES, ("itc", "itc eligible", "itc available", "credit available",
        "gst creditable")),
    Field("repackaged", YES, ("repackaged", "refurbished", "relabelled", "rebranded")),
    Field("supplier_name", TEXT, ("supplier name", "vendor name", "party name", "name of supplier",
        "name 1"), 120),
    Field("supplier_country", CODE, ("supplier country", "vendor country", "country", "country key"), 40),
    Field("supplier_role", CODE, ("supplier role", "vendor type", "supplier type"), 20),
    Field("tax_id", CODE, ("gstin", "gstin uin", "supplier gstin", "gst no", "tax id", "vendor gstin",
        "gst number"), 40),
)  # fmt: skip

BILLS = (
    Field("number", CODE, ("be no", "be number", "boe no", "bill of entry no", "bill of entry number",
        "boe number",
                           "bill of entry"), 20, required=True),
    Field("date", DATE, ("be date", "boe date", "bill of entry date", "date"), required=True),
    Field("port", CODE, ("port code", "port", "custom house", "customs station", "port of import",
        "location code"), 10,
          required=True),
    Field("item", NUMBER, ("item srno", "item sr no", "item serial no", "item no", "item number", "sr no",
        "s no",
                           "sl no", "invoice item", "item s no"), required=True),
    SUPPLIER, INVOICE,
    Field("part", TEXT, (*_PART, "item description", "description"), 80, required=True),
    Field("hsn", TEXT, _HSN, 40, required=True),
    Field("origin", CODE, _ORIGIN, 40, required=True),
    QUANTITY,
    Field("value", NUMBER, ("item value",
        "invoice item value", *_VALUE), required=True, instead=("unit_price",)),
    PRICE, PRICE_UNIT, CURRENCY, RATE, FREIGHT, INSURANCE,
    Field("assessable", NUMBER, ("assessable value", "ass value", "assess value", "assessable val", "av",
        "cif value",
                                 "assessable value inr")),
    Field("duty_percent", NUMBER, ("bcd rate", "bcd %", "bcd percent", "basic duty rate", "bcd rate %",
                                   "basic duty %"), required=True, instead=("duty",)),
    Field("duty", NUMBER, ("bcd amount", "bcd amt", "bcd", "basic duty", "basic customs duty",
        "bcd duty amount",
                           "basic duty amount")),
    Field("surcharge", NUMBER, ("sws", "sws amount", "sws amt", "social welfare surcharge",
        "sws duty amount")),
    Field("other", NUMBER, ("other duties", "other duty", "anti dumping duty", "add amount", "aidc",
        "aidc amount",
                            "other duties amount")),
    IGST_COLUMN,
    Field("supplier_name", TEXT, ("supplier name", "vendor name", "name of supplier", "consignor"), 120),
    Field("supplier_country", CODE, ("supplier country", "vendor country", "country of consignment",
                                     "consignment country"), 40),
)  # fmt: skip

RATES = (
    Field("currency", CODE, ("foreign currency", *_CURRENCY), 3, required=True),
    Field("kind", CODE, ("rate type", "type", "exchange rate type"), 12),
    Field("rate", NUMBER, ("rupees", "inr", "import rate", "rate of exchange", *_RATE), required=True),
    Field("per", NUMBER, ("units", "unit", "per units")),
    Field("valid_from", DATE, ("from", "effective from", "start", "date"), required=True),
    Field("valid_to", DATE, ("to", "until", "effective to", "end")),
    Field("source", TEXT, ("notification", "published", "reference"), 200),
)  # fmt: skip

CERTIFICATES = (
    SUPPLIER,
    Field("number", TEXT, ("certificate number", "certificate no", "certificate"), 60, required=True),
    Field("part", TEXT, _PART, 80),
    Field("method", CODE, ("basis",), 40),
    Field("percent", NUMBER, ("local content", "local content %", "local content percent", "%", "lc %",
        "lva %"),
          required=True),
    Field("valid_from", DATE, ("from", "issued on", "valid since", "issue date"), required=True),
    Field("valid_to", DATE, ("to", "until", "valid until", "valid till", "expiry",
        "expires on"), required=True),
    Field("auditor", TEXT, ("signed by", "chartered accountant", "certified by"), 120),
    Field("membership", TEXT, ("membership no", "udin", "membership number"), 40),
    Field("file_name", TEXT, ("file", "document"), 200),
    Field("file_sha256", TEXT, ("sha256", "file sha 256", "file hash", "hash", "sha 256"), 64, required=True),
)  # fmt: skip

SUPPLIERS = (
    Field("code", TEXT, ("supplier code", "vendor code", "supplier", "vendor", "account",
        "number"), 40, required=True),
    Field("name", TEXT, ("supplier name", "vendor name", "party name", "name 1"), 120, required=True),
    Field("country", CODE, ("supplier country", "country key", "seat"), 40, required=True),
    Field("role", CODE, ("type", "supplier type", "vendor type", "supplier role"), 12),
    Field("tax_id", CODE, ("gstin", "gstin uin", "gst no", "tax number", "vat"), 40),
    Field("brand", TEXT, ("customer",), 40),
)  # fmt: skip

PARTS = (
    Field("number", TEXT, _PART, 80, required=True),
    Field("manufacturer", TEXT, ("maker", "mfr", "make", "brand"), 120),
    Field("description", TEXT, ("item description", "material description", "short text", "name"), 300),
    Field("group", TEXT, ("part group", "material group", "category", "commodity"), 60),
    Field("hsn", TEXT, _HSN, 40),
    Field("unit", TEXT, ("uom", "base unit", "unit of measure", "uqc"), 12),
)  # fmt: skip

PRICES = (
    PART,
    SUPPLIER,
    Field("price", NUMBER, _PRICE, required=True),
    Field("price_unit", NUMBER, ("price unit", "price per")),
    Field("currency", CODE, _CURRENCY, 3),
    Field("valid_from", DATE, ("from", "effective from", "quote date", "date"), required=True),
    Field("valid_to", DATE, ("to", "until", "valid until", "effective to")),
    Field("minimum", NUMBER, ("moq", "minimum quantity", "minimum order quantity", "min qty",
        "from quantity")),
    Field("channel", CODE, ("purchase type", "supply type"), 20),
    Field("origin", CODE, _ORIGIN, 40),
    Field("freight_percent", NUMBER, ("freight %", "freight rate")),
    Field("duty_percent", NUMBER, ("bcd %", "bcd rate", "duty %", "customs duty %")),
    Field("source", TEXT, ("quotation", "quote no", "contract", "reference", "quotation no"), 200),
    Field("maker_part", TEXT, ("manufacturer part number", "mpn"), 120),
)  # fmt: skip
