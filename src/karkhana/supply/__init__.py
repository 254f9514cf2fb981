"""Where parts come from: suppliers."""
