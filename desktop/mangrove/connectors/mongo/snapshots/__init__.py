"""A server whose files a snapshot is taken of: asked, locked, and let go."""
