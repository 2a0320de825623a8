"""More copies of a vault: written, read from, and mended from."""
