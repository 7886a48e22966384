"""What the dashboard has done to clients: a program with the rights for it, asked through a unix socket."""
