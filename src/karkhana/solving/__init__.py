"""Optimisation: a problem goes in, a result comes out, and a checker that shares no code with the solver
rechecks it.

Owns the solver: no other room imports one. Knows nothing of tables, pages or clocks.
"""
