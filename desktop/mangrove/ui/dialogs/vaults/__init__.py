"""Dialogs about vaults: their place, keys, kits, mirrors and policies."""
