"""Tables of the design room."""

from karkhana.design.models.approval import Approval
from karkhana.design.models.files import StoredFile
from karkhana.design.models.product import BomLine, Product, Revision
from karkhana.design.models.stages import (
    Characteristic,
    FirstArticle,
    ReliabilityRun,
    StageCriteria,
    StageGate,
    StageIssue,
)

__all__ = [
    "Approval",
    "BomLine",
    "Characteristic",
    "FirstArticle",
    "Product",
    "ReliabilityRun",
    "Revision",
    "StageCriteria",
    "StageGate",
    "StageIssue",
    "StoredFile",
]
