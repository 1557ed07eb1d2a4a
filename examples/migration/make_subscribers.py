"""Make a CSV file of subscribers to practise a migration with: a tenth of a percent of the lines is wrong.

    python examples/migration/make_subscribers.py subscribers.csv
    python examples/migration/make_subscribers.py subscribers.csv --count 100000 --wrong wrong.csv

The same call makes the same file. The wrong lines are wrong in ten ways, each as often as the others; `--wrong` writes
a list of them. Needs Python alone.
"""

import argparse
import csv
from collections.abc import Callable, Iterator
from pathlib import Path

COLUMNS = (
    "msisdn", "imsi", "alternateNotificationMsisdn", "paymentType", "class", "locale", "status", "dpsEnabled",
    "dpsNotification", "eosNotification", "paygNotification", "imei", "zone", "renewalDayOfMonth", "qosCategoryName",
    "tag",
)  # fmt: skip

Row = dict[str, str]

ONE_IN = 1000
"""How many lines there are for each wrong one."""


def good(number: int) -> Row:
    """The row of the subscriber with this number, from 0."""
    row = dict.fromkeys(COLUMNS, "")
    row |= {
        "msisdn": f"087{number:07d}",
        "imsi": f"272031{number:09d}",
        "paymentType": ("prepaid", "postpaid")[number % 2],
        "class": ("Bronze", "Silver", "Gold")[number % 3],
        "locale": ("en_IE", "ga_IE", "pl_PL", "pt_BR")[number % 4],
        "status": "barred" if number % 50 == 0 else "active",
        "dpsEnabled": ("true", "false")[number % 2],
        "imei": f"35{number:012d}",
        "zone": f'zone {number % 20}, "{("north", "south")[number % 2]}"',
        "renewalDayOfMonth": str(number % 28 + 1),
        "tag": f"wave-{number % 10}",
    }
    if number % 5 == 0:
        row["alternateNotificationMsisdn"] = f"+353{number:08d}"
    return row


WRONG: dict[str, Callable[[int], Row]] = {
    "the msisdn is missing": lambda _: {"msisdn": ""},
    "the msisdn has a space": lambda number: {"msisdn": f"087 {number:07d}"},
    "the msisdn is that of an earlier line": lambda number: {"msisdn": good(number - 1)["msisdn"]},
    "the imsi has 16 digits": lambda number: {"imsi": f"2720310{number:09d}"},
    "the payment type is none": lambda _: {"paymentType": "credit"},
    "the country is not assigned": lambda _: {"locale": "en_ZZ"},
    "the status is none": lambda _: {"status": "suspended"},
    "a flag is neither true nor false": lambda _: {"dpsEnabled": "yes"},
    "there is no such day of the month": lambda _: {"renewalDayOfMonth": "32"},
    # Last, and of a line long before: lines about different subscribers have no order, and the first one wins.
    "the imsi is that of another subscriber": lambda number: {"imsi": good(number % 500 + 1)["imsi"]},
}


def rows(count: int) -> Iterator[tuple[Row, str]]:
    """All rows, each with what is wrong with it: nothing, for most."""
    ways = list(WRONG)
    for number in range(count):
        row, way = good(number), ""
        if number % ONE_IN == ONE_IN - 1:
            way = ways[number // ONE_IN % len(ways)]
            row |= WRONG[way](number)
        yield row, way


def write(path: Path, count: int, wrong: Path | None = None) -> None:
    """Write the file, and the list of what is wrong in it."""
    faults: list[tuple[int, str]] = []
    with path.open("w", encoding="utf-8", newline="") as file:
        # What the standard library writes for "" is what spcm reads as null: an empty field.
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for line, (row, way) in enumerate(rows(count), 2):
            writer.writerow(row)
            if way:
                faults.append((line, way))
    if wrong is not None:
        with wrong.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([("line", "fault"), *faults])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, default=100_000, help="subscribers (default 100000)")
    parser.add_argument("--wrong", type=Path, help="where to list the wrong lines")
    chosen = parser.parse_args()
    try:
        write(chosen.file, chosen.count, chosen.wrong)
    except OSError as error:
        parser.error(str(error))
    print(f"{chosen.file}: {chosen.count:,} subscribers, {chosen.count // ONE_IN:,} of them wrong")


if __name__ == "__main__":
    main()
