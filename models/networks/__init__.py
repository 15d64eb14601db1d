"""The networks: our own, and those of other makers that they are compared with."""
