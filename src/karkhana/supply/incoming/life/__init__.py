"""How long a lot may be used: shelf life by its date, floor life of moisture-sensitive parts by a clock."""
