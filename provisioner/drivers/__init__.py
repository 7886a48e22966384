"""Engines that run tenants: each turns a tenant into steps and says what runs now."""
