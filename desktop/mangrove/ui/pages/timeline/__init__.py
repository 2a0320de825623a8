"""The timeline page and its parts. Imports core, services and ui."""
