"""People and their way in: sign-up, sign-in, passwords, addresses, roles."""
