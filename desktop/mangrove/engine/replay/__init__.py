"""Replaying an oplog: entries become steps on a target. Imports core, and engine's BSON tools."""
