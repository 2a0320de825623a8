"""Mangrove: MongoDB backups you can prove."""
