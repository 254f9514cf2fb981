"""Sampling for inspection by attributes (ISO 2859-1:1999): tables as data, rules that are pure."""
