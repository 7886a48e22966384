"""Cases ("dossiers"): who sees them, what hangs on them, and their analyses."""
