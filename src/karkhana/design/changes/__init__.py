"""Change orders, deviations and waivers: asked for, approved by every party, obeyed by the gate."""
