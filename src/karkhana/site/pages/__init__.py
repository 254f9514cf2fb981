"""Pages that belong to no room: log-in, errors, the wording of refusals in Hindi."""
