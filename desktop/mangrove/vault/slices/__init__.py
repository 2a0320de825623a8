"""Oplog slices and breaks of chains, as they lie in a vault."""
