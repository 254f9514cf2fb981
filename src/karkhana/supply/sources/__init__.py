"""Suppliers, parts, approved sources, prices and certificates."""
