"""One module or folder per page. Imports core, services and ui."""
