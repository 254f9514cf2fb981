"""The record's tests work on databases of their own, with the floor's workshop in them."""

from floor.fixtures import fresh_database, rolled_back, workshop_database, workshop_template

__all__ = ["fresh_database", "rolled_back", "workshop_database", "workshop_template"]
