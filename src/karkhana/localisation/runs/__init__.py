"""Local value of a period, computed once and kept: over many units it takes longer than a page may."""
