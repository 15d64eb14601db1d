"""Sharing: one result or one mole is read by one other person, until a date or until it is taken back."""
