"""What the instance holds about one person: handed over, and erased, at that person's own wish."""
