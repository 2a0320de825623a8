"""Dialogs about profiles: how to reach a deployment, and what it is held to."""
