"""Tells the vendor that something is wrong, once: what is an alert, and what was told of it."""
