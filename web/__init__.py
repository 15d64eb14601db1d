"""Triage over HTTP: an API for programs, and a page for people. Stores nothing on disk."""
