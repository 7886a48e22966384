"""The vendor's dashboard."""
