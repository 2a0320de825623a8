"""Encryption (age v1) and signatures (minisign) on cryptography. Imports core."""
