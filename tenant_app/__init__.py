"""The assistant of one client: accounts, documents, answers, usage and pages."""
