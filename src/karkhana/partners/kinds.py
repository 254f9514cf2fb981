"""The kinds of parties and agreements, and what a party may have to approve."""

from __future__ import annotations

PARTY_KINDS = ("maker", "partner", "joint_venture", "brand", "supplier", "authority")
AGREEMENT_KINDS = ("alliance", "joint_venture", "contract_manufacturing", "sourcing", "technology_licence")
SUBJECTS = ("revision", "change_order", "firmware", "deviation", "stage_gate")
"""What a party may have to approve."""
