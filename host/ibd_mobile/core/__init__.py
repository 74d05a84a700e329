"""Nouns, units, errors and seams; imports nothing else of this package."""
