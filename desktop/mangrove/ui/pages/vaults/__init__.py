"""The vaults page: a card for each vault, and what stays in it."""
