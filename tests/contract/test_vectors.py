"""The documents' examples, in their order."""

import json
from pathlib import Path

from tests.contract.installation import Installation

VECTORS = Path(__file__).with_name("vectors.jsonl")


def test_every_example_has_the_outcome_that_is_written_beside_it(installation: Installation) -> None:
    acme = installation.add_tenant(name="acme")
    for line in VECTORS.read_text().splitlines():
        case = json.loads(line)
        [event] = acme.run(case["command"])
        # As text: members must come in the documents' order too.
        told = {name: json.dumps(event.get(name)) for name in case["expect"]}
        assert told == {name: json.dumps(value) for name, value in case["expect"].items()}, case["name"]
