"""Local value of a revision before anything was bought: from offers, over alternates and sources."""
