"""Byte stores under a vault, and wrappers around any of them. Imports core."""
