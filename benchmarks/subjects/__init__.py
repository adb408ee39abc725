"""What is measured: each subject starts a server in front of the upstream, and knows how to ask it."""
