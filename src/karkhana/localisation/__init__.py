"""Local value addition: how much of a device was added in the country, by which method, and the proof."""
