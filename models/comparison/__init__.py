"""The comparison that this project grew out of: many ways to name a lesion, one protocol, one table."""
