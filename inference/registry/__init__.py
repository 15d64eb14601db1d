"""Released weights by name and version: the file that lists them, and the networks' inputs and outputs."""
