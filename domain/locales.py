"""Assigned language and country codes."""

import pycountry

LANGUAGES = frozenset(language.alpha_2 for language in pycountry.languages if hasattr(language, "alpha_2"))
COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)


def is_locale(text: str) -> bool:
    """Whether `text` is an ISO 639-1 language, alone or with `_` and an ISO 3166-1 alpha-2 country: `ja`, `ja_JP`."""
    language, joined, country = text.partition("_")
    return language in LANGUAGES and (country in COUNTRIES if joined else True)
