"""How cells of a register are read, and what a row must hold. Pure."""
