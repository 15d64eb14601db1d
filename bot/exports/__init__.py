"""Everything kept on a person, as ZIP files."""
