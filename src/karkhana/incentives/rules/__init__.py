"""Formulae of incentive schemes: figures and what was asked in, a result with its explanation out. Pure."""
