"""The pages in a real browser: the application under gunicorn, real embedding server, real Chroma."""
