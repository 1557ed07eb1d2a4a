def outcome() -> None:
    """Not yet."""
