"""Firmware images of products: registering, approving, withdrawing, and what a release may name."""
