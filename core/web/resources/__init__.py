"""The routes of what is stored, under ``/api/v1``: one module per resource. All of them need a key."""
