"""Dialogs about Atlas: one question, one typed answer each. Imports ui and services."""
