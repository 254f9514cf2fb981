"""Tables of the design room."""

from karkhana.design.models.approval import Approval
from karkhana.design.models.changes import ChangeNote, ChangeOrder, Deviation
from karkhana.design.models.files import StoredFile
from karkhana.design.models.firmware import FirmwareImage
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
    "ChangeNote",
    "ChangeOrder",
    "Characteristic",
    "Deviation",
    "FirmwareImage",
    "FirstArticle",
    "Product",
    "ReliabilityRun",
    "Revision",
    "StageCriteria",
    "StageGate",
    "StageIssue",
    "StoredFile",
]
