"""One mole in several photos: what is measured in each photo, and whether it has changed."""
