"""Grades for plugins: what is demanded of one, check by check, and the report of what was found."""
