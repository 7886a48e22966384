"""What a client owes for a month, and the invoice that says so: values only, no database and no clock."""
