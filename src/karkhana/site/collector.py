"""Keeps Python's garbage collector out of the way of batches."""

from __future__ import annotations

import gc


def calm_collector() -> None:
    """Leave what was loaded so far out of every search for garbage, and search less often.

    A batch makes tens of thousands of objects that reference counting frees by itself; searching them again
    and again costs a third of the time of a batch.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
