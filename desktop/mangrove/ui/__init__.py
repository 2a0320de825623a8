"""The window, on PySide6; the only floor with Qt. Imports core and services."""
