"""Moles that a person follows over months: naming, photos, comparison, reminders."""
