"""``mangrove alert``, a module for each of its groups."""
