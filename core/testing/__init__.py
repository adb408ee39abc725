"""What plugin authors test with: a host of their own, a model that says what it is told, and assertions that explain."""
