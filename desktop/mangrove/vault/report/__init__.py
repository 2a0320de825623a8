"""Prints evidence reports, as a page and on paper; may import core and fpdf."""
