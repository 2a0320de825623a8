"""The local index of a vault; can be deleted and rebuilt. Imports core."""
