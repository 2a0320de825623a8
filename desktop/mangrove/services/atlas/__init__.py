"""MongoDB Atlas beside our own backups: what a person can ask for. Imports core and jobs."""
