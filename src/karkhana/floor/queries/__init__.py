"""Reads of the floor room: frozen views for pages and boards. Nothing here writes.

Boards are polled by every screen of a plant, so they read tallies by hour and the partial index of
units in process, never the record itself. Lists read one page by key.
"""
