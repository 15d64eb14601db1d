"""Sharing: one other person can read a result or a mole, until a date or until its owner takes it back."""
