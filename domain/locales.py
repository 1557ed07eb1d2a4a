"""Assigned language and country codes."""

import pycountry

WITHDRAWN = frozenset({"sh"})  # Serbo-Croatian, in 2000; the library goes by ISO 639-3, which still names it

LANGUAGES = frozenset(each.alpha_2 for each in pycountry.languages if hasattr(each, "alpha_2")) - WITHDRAWN
COUNTRIES = frozenset(country.alpha_2 for country in pycountry.countries)


def is_locale(text: str) -> bool:
    """Whether `text` is an ISO 639-1 language, alone or with `_` and an ISO 3166-1 alpha-2 country: `ja`, `ja_JP`."""
    language, joined, country = text.partition("_")
    return language in LANGUAGES and (country in COUNTRIES if joined else True)
