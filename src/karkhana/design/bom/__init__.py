"""Bills of materials from any program, read into one report.

``read_bom`` is the only entry: bytes and a file name in, a frozen ``BomReport`` out, or a ``Refused`` with a
code ``bom.*``. The package knows no database and no web framework.
"""

from karkhana.design.bom.model import BomLine, BomReport, Mismatch, Unparsed
from karkhana.design.bom.reader import read_bom

__all__ = ["BomLine", "BomReport", "Mismatch", "Unparsed", "read_bom"]
