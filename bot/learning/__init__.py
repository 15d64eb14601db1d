"""Learning from use: the pool of photos that people gave for training, their labels, and the way out and back in."""
