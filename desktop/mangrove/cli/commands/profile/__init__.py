"""``mangrove profile``, a module for each of its groups."""
