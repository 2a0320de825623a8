"""Long work: runner, lanes, contexts and job bodies; threads live here. Imports core and engine."""
