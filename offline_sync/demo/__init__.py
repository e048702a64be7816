"""A whole round played over a running server, by HTTP alone: what an office sees after a month's work."""
