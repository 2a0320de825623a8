"""What a person can ask for, one module per noun. Imports core, engine and jobs."""
