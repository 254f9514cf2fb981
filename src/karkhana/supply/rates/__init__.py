"""Exchange rates by kind and date."""
