"""Answers from the client's documents: written by a model or extracted, always with their sources."""
