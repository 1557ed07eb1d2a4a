"""The page that tells the figures, and the places in it where they are put."""

from pathlib import Path

from benchmarks.programs import ROOT

PAGE = ROOT / "docs" / "performance.md"
PICTURE = ROOT / "docs" / "performance.svg"


def put(page: Path, section: str, figures: str) -> None:
    """Replace what stands between the section's two markers. Raises ValueError where the page has none."""
    text = page.read_text()
    begin, end = f"<!-- figures: {section} -->\n", f"<!-- end of {section} -->"
    before, found, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{page} has no place for {section}")
    page.write_text(f"{before}{begin}{figures}\n{end}{after}")
