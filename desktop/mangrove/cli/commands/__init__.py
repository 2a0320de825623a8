"""One module per verb. Imports core and services."""
