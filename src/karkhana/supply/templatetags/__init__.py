"""Template tags of the supply room."""
