"""Asks weeks after a warning if a doctor has seen the spot."""
