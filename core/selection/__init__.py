"""Selection: which tools a prompt gets to see, and why."""
