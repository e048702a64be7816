"""Faults for real: the shipped server as a process of its own, killed, starved and cut off; spoken to by HTTP only."""
