"""The Celery app that the lab's workers run: the real one, which knows the tests' operations too."""

import tests.faults.operations
from workers.app import app

__all__ = ["app", "tests"]
