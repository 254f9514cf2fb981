"""Who we work with: the brands that own products."""
