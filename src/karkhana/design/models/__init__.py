"""Tables of the design room."""

from karkhana.design.models.approval import Approval
from karkhana.design.models.files import StoredFile
from karkhana.design.models.product import BomLine, Product, Revision

__all__ = ["Approval", "BomLine", "Product", "Revision", "StoredFile"]
