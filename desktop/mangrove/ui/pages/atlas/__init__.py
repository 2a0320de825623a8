"""The Atlas page: clusters, and what Atlas keeps of the chosen one. Imports ui and services."""
