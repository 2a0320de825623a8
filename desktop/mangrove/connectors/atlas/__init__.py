"""Talks to the Atlas Administration API over HTTPS. Imports core."""
