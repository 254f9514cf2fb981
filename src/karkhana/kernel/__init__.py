"""Values that every room shares: refusals, identities, calendars, bounded text. Standard library only."""
