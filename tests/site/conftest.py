"""Pages are tested on the floor's workshop."""

from floor.fixtures import fresh_database
from journeys.workshop_site import rolled_back, workshop_database, workshop_template

__all__ = ["fresh_database", "rolled_back", "workshop_database", "workshop_template"]
