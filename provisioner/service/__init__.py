"""What an operator can have done, one subject per module; knows no command line."""
