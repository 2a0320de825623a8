"""Semantic colours and sizes, light and dark, applied once. Imports PySide6 only."""
