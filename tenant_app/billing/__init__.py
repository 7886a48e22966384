"""What the client uses: the ledger, the plan's quotas, the usage record and its exported file."""
