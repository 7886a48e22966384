"""The steps that bring a tenant's database to its present shape."""
