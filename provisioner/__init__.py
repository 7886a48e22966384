"""Provisions, runs and watches one isolated assistant per client."""

__version__ = "0.1.0"
