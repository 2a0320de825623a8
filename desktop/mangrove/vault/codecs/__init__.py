"""Documents in a vault as JSON bytes, and back: manifest, evidence, statements."""
