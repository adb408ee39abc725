"""How fast promptdock is, beside others: every figure is a ratio inside one run."""
