"""The deployments page: profiles, and what is known of the chosen one."""
