"""One training loop, and the tasks it is given."""
