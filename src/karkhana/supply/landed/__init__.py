"""What goods cost once they stand in the store: CIF value, customs duties, taxes."""
