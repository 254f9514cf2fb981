"""Incoming inspection and the life of lots: sampling plans, severity, shelf life, moisture sensitivity."""
