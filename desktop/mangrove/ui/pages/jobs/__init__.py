"""The jobs page: what runs by itself."""
