"""What a running server tells of itself: metrics, traces, its access log, and what it is stalled by."""
