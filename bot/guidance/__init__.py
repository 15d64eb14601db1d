"""How to take a good photo, in drawn pictures."""
