"""Data sets: reading them from disk, augmentation and corruption of their pictures."""
