"""The proof that clients do not reach each other: what is tried, what came of it, and how it is told."""
