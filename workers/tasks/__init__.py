"""Celery tasks: shells of a few lines."""
