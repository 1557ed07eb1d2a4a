def follow() -> None:
    """Not yet."""
