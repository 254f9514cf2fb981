"""What the templates of local value need."""
