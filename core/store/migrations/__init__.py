"""The history of the schema; ``promptdock db upgrade`` runs it, and every start does."""
