"""Cassettes: what providers were asked and answered, written down without secrets, and played again in tests."""
