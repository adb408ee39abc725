"""The ``promptdock`` command."""
