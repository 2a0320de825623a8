"""The recovery kit as a sealed file and as a printed sheet. Imports core and vault.crypto."""
