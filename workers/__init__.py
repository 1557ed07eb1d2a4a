"""The Celery side: the app, the drain that executes commands, and the bell that asks for it."""
