"""Released weights by name and version: the file that lists them, and what their networks take and give."""
