"""Work orders: what is to be built, at which stage, for which market. Owns their making and their pages."""
