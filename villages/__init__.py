"""Where and who: places, people, posts, permissions, and the change that every write goes through."""
