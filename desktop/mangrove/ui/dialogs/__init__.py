"""One question, one typed answer. Imports core, services and ui."""
