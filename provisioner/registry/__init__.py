"""What this host knows of its clients: one SQLite file that never holds a secret or client data."""
