"""The child process of :mod:`.apart`: answers the one problem on its standard input, and ends."""

from __future__ import annotations

import sys

import msgspec

from karkhana.kernel.refusals import Refused
from karkhana.solving.localising.apart import Order, Said
from karkhana.solving.localising.whole import localise_next


def serve() -> None:
    """Answer on standard output."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    try:
        said = Said(result=localise_next(order.problem, seconds=order.seconds, points=order.points))
    except Refused as refused:
        said = Said(refusal=refused.refusal.as_dict())
    sys.stdout.buffer.write(msgspec.json.encode(said))


if __name__ == "__main__":
    serve()
