"""Main window, navigation, status strip. Imports core, services and ui."""
