"""The design room's tests: on the session's database, or on one of their own that the workshop is in."""

from floor.fixtures import fresh_database, rolled_back, workshop_database, workshop_template

__all__ = ["fresh_database", "rolled_back", "workshop_database", "workshop_template"]
