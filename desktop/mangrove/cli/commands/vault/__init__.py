"""``mangrove vault``, a module for each of its groups."""
