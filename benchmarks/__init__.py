"""Measures the worker beside what a user would pick instead. Every figure in docs/performance.md comes from here."""
