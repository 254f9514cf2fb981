"""Pages of local value."""
