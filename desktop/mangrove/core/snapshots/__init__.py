"""Filesystem snapshots: values, commands and rules. Nothing is run here."""
