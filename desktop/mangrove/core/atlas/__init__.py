"""MongoDB Atlas as values and rules: clusters, snapshots, policies, restores. Imports core."""
