"""The vendor's dashboard: every client at a glance, read only, without root."""
