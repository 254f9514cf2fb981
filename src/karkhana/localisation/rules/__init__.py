"""How much of a device is local: methods as data, values of pieces, and the sum. Pure."""
