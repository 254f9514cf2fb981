"""Certificates of local content: what they say, when they are refused, and how they are written."""
