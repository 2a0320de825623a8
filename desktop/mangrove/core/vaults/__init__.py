"""Vaults: where backups are kept, with which keys, in how many copies."""
