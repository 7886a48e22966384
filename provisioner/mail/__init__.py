"""Letters to clients and to the vendor: kept in a spool until a mail server has taken them."""
