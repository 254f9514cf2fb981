"""Goods in: receipt of lots through the gate, quarantine, inspection, what becomes of refused lots."""
