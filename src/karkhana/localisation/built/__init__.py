"""Local value as built: what units really consumed, lot by lot, valued by a method."""
