"""Functions for the operator: announcements, retention and monitoring."""
