"""Middlewares: they run for every update before a handler does."""
