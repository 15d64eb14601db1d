"""What can be asked for on the command line. Each command is a dataclass: its fields are the options, `run` does it."""
