"""Small parts without knowledge. Imports core and ui."""
