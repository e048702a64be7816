"""The ground: plumbing without opinions about villages (settings, clock, ids, problems, bytes, database)."""
