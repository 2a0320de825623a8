"""How data is moved and checked: bytes in, bytes out, through ports. Imports core."""
