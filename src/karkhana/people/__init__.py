"""Who works here and what they are certified to do."""
