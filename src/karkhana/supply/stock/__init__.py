"""Stock: places, the journal of what moved, and balances that follow it. Knows nothing of the floor."""
