"""How much of a file the reader takes on before it says that this is no bill of materials.

The largest bill of the reference data has 371 rows; a thousand-fold of a large board fits below every limit.
"""

from __future__ import annotations

MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 40_000
MAX_COLUMNS = 512
MAX_CELLS = 3_000_000
MAX_CELL_CHARACTERS = 32_767
MAX_REFERENCES = 300_000
MAX_RUN = 2_000
MAX_CELL_REFERENCES = 20_000
MAX_TABLES = 300
MAX_LINE_CHARACTERS = 1_000_000
MAX_INFLATED = 192 * 1024 * 1024
MAX_ARCHIVE_MEMBERS = 5_000
MAX_PROBLEMS = 500
CHILD_MEMORY = 1024 * 1024 * 1024
CHILD_SECONDS = 8
