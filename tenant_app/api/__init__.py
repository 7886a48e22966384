"""What every HTTP answer shares: authentication, errors, documentation, headers, health."""
