"""Starts the agent when the user signs in: systemd, launchd, Windows tasks. Imports core."""
