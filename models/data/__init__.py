"""Data sets on disk, as arrays in memory, and what is done to pictures before a network sees them."""
