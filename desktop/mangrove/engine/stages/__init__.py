"""Pipeline stages: compress, decompress, prefetch. Imports core."""
