def status() -> None:
    """Not yet."""
