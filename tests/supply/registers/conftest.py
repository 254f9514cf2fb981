"""Imports that commit work on databases of their own."""

from floor.fixtures import fresh_database, workshop_template

__all__ = ["fresh_database", "workshop_template"]
