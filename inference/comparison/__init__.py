"""One mole in several photos: what is measured of it each time, and whether that has changed."""
