"""The comparison that this project started with: many ways to classify a lesion, one protocol, one table."""
