"""Pools of identities: ranges that a brand was given, drawn from on the line, never given out twice."""
