"""Tools: what the model may call, and the one place that calls them."""
