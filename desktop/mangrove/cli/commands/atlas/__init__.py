"""``mangrove atlas``, a module for each of its groups."""
