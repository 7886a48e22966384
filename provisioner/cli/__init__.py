"""The command line: reads what was typed, calls one service, shows what it returned."""
