"""Long work at Atlas: snapshots, restores, downloads, watched to their end. Imports core, jobs."""
