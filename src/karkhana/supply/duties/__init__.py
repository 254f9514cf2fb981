"""Duty tables as dated data: the phased manufacturing programme by device, item and fiscal year."""
