"""One turn: its request, its messages, its events, and the engine that makes them."""
