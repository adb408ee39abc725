"""Plugins: finding them, loading them, and calling their hooks one by one."""
