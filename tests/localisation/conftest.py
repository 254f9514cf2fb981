"""Local value is tested on the floor's workshop."""

from journeys.workshop_site import rolled_back, workshop_database, workshop_template

__all__ = ["rolled_back", "workshop_database", "workshop_template"]
