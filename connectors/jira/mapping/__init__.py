"""Jira's answers as the domain's values: pure, one module a subject."""
