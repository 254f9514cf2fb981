"""The record: events, the state of every unit, genealogy; append only, replayable."""
