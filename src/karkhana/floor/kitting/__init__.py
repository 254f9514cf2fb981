"""Kitting: what a work order needs, what of it is in the store, what is short, handing it out to a line."""
