"""What every benchmark shares: a fresh database of its own, and the one shape of a result."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Result:
    """One figure with its floor, measured in the same run.

    Args:
        rate, floor: in ``unit``; the floor is the bare thing without any rule.
        ratio: rate / floor.
    """

    name: str
    rate: float
    unit: str
    floor: float
    ratio: float
    detail: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


@contextmanager
def fresh_home() -> Iterator[Path]:
    """Give a benchmark an embedded server of its own with the product's own settings, removed afterwards.

    It lies beside the real data, so that it is on the same disk.
    """
    from karkhana.site import embedded

    base = embedded.home().parent
    base.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="kk-bench-", dir=base))
    before = os.environ.get("KARKHANA_HOME")
    os.environ["KARKHANA_HOME"] = str(folder)
    os.environ.pop("KARKHANA_DATABASE_URL", None)
    try:
        subprocess.run(
            [sys.executable, "-m", "karkhana.cli", "migrate"], check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        yield folder
    finally:
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
        if before is None:
            os.environ.pop("KARKHANA_HOME", None)
        else:
            os.environ["KARKHANA_HOME"] = before


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """Return the value below which a share of the sorted values lies."""
    return sorted_values[min(len(sorted_values) - 1, int(share * len(sorted_values)))]
