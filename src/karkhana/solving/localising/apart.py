"""Solving in a child process, so that nothing that the solver does can hold up or take down a server.

The child is :mod:`.child`: a problem comes as JSON on its standard input, the result or the
refusal goes out on its standard output.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import msgspec

from karkhana.kernel.refusals import Refusal, Refused, refuse
from karkhana.solving.localising.problem import Problem
from karkhana.solving.localising.result import Result

GRACE = 15.0
"""Seconds beyond the time for solving: starting, reading, writing."""


class Order(msgspec.Struct, frozen=True):
    """What the child is asked."""

    problem: Problem
    seconds: float
    points: int


class Said(msgspec.Struct, frozen=True):
    """What the child answers: one of the two."""

    result: Result | None = None
    refusal: dict[str, Any] | None = None


def localise_next_apart(problem: Problem, *, seconds: float = 20.0, points: int = 9) -> Result:
    """Solve a problem in a child process; see :func:`~karkhana.solving.localising.whole.localise_next`.

    Raises:
        Refused: as there, and ``localise_next.time`` when the child had to be ended.
        RuntimeError: the child failed; its last words are in the message.
    """
    order = msgspec.json.encode(Order(problem, seconds, points))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "karkhana.solving.localising.child"],
            input=order, capture_output=True, timeout=seconds + GRACE, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise refuse(
            "localise_next.time",
            "No plan was found within {seconds} seconds.",
            "Give it more time, or fewer candidates or months.",
            seconds=round(seconds),
        ) from None
    if done.returncode:
        raise RuntimeError(f"the solver's process failed: {done.stderr.decode(errors='replace')[-2000:]}")
    said = msgspec.json.decode(done.stdout, type=Said)
    if said.refusal is not None:
        raise Refused(Refusal(**said.refusal))
    if said.result is None:
        raise RuntimeError("the solver's process said nothing")
    return said.result
