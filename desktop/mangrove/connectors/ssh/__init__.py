"""The way through an SSH server."""
