"""Seeing why: which tools a prompt would get to see, what decided so, and why one tool is not among them."""
