"""Firmware on the floor: which units carry a version, and what happens to them when it is withdrawn."""
