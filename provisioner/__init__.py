"""Provisions, runs and watches one isolated assistant per client."""
