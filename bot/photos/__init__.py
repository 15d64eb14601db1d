"""The road of a photo: received, recorded, queued, read, answered, and taken up again after a restart."""
