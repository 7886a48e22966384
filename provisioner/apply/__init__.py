"""Does what the steps say: under one lock, with a journal, and back again when something fails."""
