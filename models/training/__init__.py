"""One training loop, and its tasks."""
