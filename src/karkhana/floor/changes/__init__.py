"""Change orders and deviations on the floor: what they hit, carrying them out, their pages and API."""
