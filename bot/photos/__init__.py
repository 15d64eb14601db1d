"""The way of a photo: received, recorded, queued, analysed, answered, and continued after a restart."""
