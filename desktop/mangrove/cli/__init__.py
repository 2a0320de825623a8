"""The command line: verbs, text, JSON. Imports core and services."""
