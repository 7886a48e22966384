"""Who may do what: users, roles, sign-in, sessions, tokens and API keys."""
