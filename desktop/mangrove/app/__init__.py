"""Wiring: settings, adapters, services, front end. The only place that knows every name."""
