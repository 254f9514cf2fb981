"""What share of local value was promised, for which product or brand, by when."""
