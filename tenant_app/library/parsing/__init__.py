"""Reading files into blocks of text. Runs in a limited child process: nothing here knows the application."""
