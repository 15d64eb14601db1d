"""Triage over HTTP: an API for programs and a page for people who do not chat. Keeps nothing on disk."""
