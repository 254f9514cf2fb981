"""The difference between two bills of material: of revisions, of variants, of files in any dialect.

``compare`` takes two ``Bill`` and gives a ``Difference``; ``read_bill`` makes a ``Bill`` of a file. The
package knows no database and no web framework.

What is decided where bills leave room:

- The unit of comparison is the place on the board, so a place that gets another part is *changed*. Lines
  without designators are compared by part.
- What changes the build *matters*: part, maker, alternates, fitted or not, quantity, a contradicting value,
  and value or package wherever part numbers cannot tell. Everything else is *information*.
- What one dialect has no room for is not compared and is said so. Between two dialects an empty cell says
  nothing; between two revisions in one dialect, and in the house's own record, it says "none".
- Numbers of different issuers (a maker's, a distributor's) are not compared.
- Places that are drawn but not fitted, fiducials and logos may come and go without changing the build.
"""

from karkhana.design.difference.comparison import compare
from karkhana.design.difference.files import read_bill
from karkhana.design.difference.model import Bill, Change, Difference, Place

__all__ = ["Bill", "Change", "Difference", "Place", "compare", "read_bill"]
