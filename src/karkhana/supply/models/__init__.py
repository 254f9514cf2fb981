"""Tables of the supply room. Lots themselves are facts of the record (``ledger``)."""

from karkhana.supply.models.incoming import (
    Disposition,
    Inspection,
    InspectionResult,
    LotLife,
    LotTick,
    ReceivingRule,
    SeverityNote,
)
from karkhana.supply.models.money import BillOfEntry, BillOfEntryItem, ExchangeRate, Receipt
from karkhana.supply.models.parties import LocalContentCertificate, Supplier
from karkhana.supply.models.parts import ApprovedSource, Part, PartPrice
from karkhana.supply.models.registers import RegisterLayout, RegisterRefusal, RegisterRun
from karkhana.supply.models.stock import StockBalance, StockMove, StorePlace

__all__ = [
    "ApprovedSource",
    "BillOfEntry",
    "BillOfEntryItem",
    "Disposition",
    "ExchangeRate",
    "Inspection",
    "InspectionResult",
    "LocalContentCertificate",
    "LotLife",
    "LotTick",
    "Part",
    "PartPrice",
    "Receipt",
    "ReceivingRule",
    "RegisterLayout",
    "RegisterRefusal",
    "RegisterRun",
    "SeverityNote",
    "StockBalance",
    "StockMove",
    "StorePlace",
    "Supplier",
]
