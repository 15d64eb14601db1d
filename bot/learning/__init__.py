"""Learning from use: the pool of photos that people gave for training, their labels, export and import."""
