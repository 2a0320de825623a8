"""How backups are stored, sealed, listed and read again. Imports core."""
