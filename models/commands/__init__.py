"""The commands of the command line. Each one is a dataclass: its fields are the options, and `run` runs it."""
