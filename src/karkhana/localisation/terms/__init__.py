"""What a unit of a product is sold for, and what it costs besides its parts."""
