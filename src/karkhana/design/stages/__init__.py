"""The stages that a product goes through before mass production, and the gate behind each.

Owns what a build at each stage must show (``rules``, ``criteria/*.toml``), open issues, and the log of
gates: asked for, passed, adopted, revoked (``operations``, ``queries``). It does not own what was built:
evidence is put together from the record by ``floor.stages``.
"""

STAGES = ("EVT", "DVT", "PVT", "MP")
"""Engineering, design and production validation test, mass production."""
GATES = STAGES[:3]
"""The stages with a gate behind them; who is through all of them may be mass-produced."""
