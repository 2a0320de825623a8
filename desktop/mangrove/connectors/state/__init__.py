"""SQLite for what cannot be rebuilt: profiles, vaults, run history. Imports core."""
