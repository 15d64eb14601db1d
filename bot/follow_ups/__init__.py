"""Weeks after a warning: whether somebody has seen the spot."""
