"""Bills of materials from any program, read into one report.

``read_bom`` is the only entry: bytes and a file name in, a frozen ``BomReport`` out, or a ``Refused`` with a
code ``bom.*``. The package knows no database and no web framework.

What is decided where a bill leaves room:

- A designator counts wherever the bill prints it, so fiducials, holes, test pads and hand-fitted jumper
  caps count as references too; ``BomLine.kind`` tells artwork apart. A name printed twice counts twice and
  is warned.
- Fitted unless the bill says otherwise: a DNP or Place column, the name of the sheet, a section title, the
  value or a remark, quantity 0, or a remark that names single designators (``NF(C341)``). An explicit YES
  in a Place column wins over words elsewhere. ``NC`` is believed only where no part number stands beside
  it, since it is also a real value. A section such as "Only for procurement" does not make its parts
  unfitted.
- A quantity is right when it is the number of the line's designators or of its fitted ones; otherwise the
  line is reported in ``quantity_mismatches`` and the designators count.
- A line without designators that carries a quantity is mechanical. Names such as ``ZKCAP15`` with quantity
  72 are no designators, even under the heading *references*.
- ``part_number`` is the maker's number, else the house number, else a distributor's number, else empty.
  Values are never taken for part numbers.
- Of several views of one board in one file only one counts; lists of unfitted parts mark or add their own.
"""

from karkhana.design.bom.model import BomLine, BomReport, Mismatch, Unparsed
from karkhana.design.bom.reader import read_bom

__all__ = ["BomLine", "BomReport", "Mismatch", "Unparsed", "read_bom"]
