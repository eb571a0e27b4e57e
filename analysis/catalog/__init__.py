"""Definitions, outcomes and indicator tables that are shipped."""
