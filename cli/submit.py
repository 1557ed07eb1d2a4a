def submit() -> None:
    """Not yet."""
