"""A client's backup as a file: written whole, judged before anything of it is believed, unpacked."""
