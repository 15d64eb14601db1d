"""Photos a second against workers, and what a million photos a day would take."""
