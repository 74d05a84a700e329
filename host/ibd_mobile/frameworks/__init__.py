"""Inference frameworks: one adapter per file, found by its file name."""
