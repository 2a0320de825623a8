"""Qt item models over rows that services return. Imports core and services."""
