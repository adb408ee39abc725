"""Providers: who completes a chat."""
