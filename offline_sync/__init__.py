"""What crosses the wire to a tablet, both ends."""
