"""Rescue files: what a tablet could not hand in, carried by hand (docs/rescue.md)."""
