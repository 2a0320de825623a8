"""The formats of the MongoDB Database Tools, both ways; may import engine and core only."""
