"""The servers that are measured beside promptdock; each is run as a script, in the environment of its libraries."""
