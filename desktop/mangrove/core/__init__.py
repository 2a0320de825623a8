"""What things are and what the rules say. Imports only the standard library, and no I/O."""
