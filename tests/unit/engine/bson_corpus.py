"""The cases of the public BSON corpus, where it is at hand beside the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

CORPUS = Path(__file__).resolve().parents[4] / "shared" / "fixtures" / "bson-corpus"

needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the BSON corpus is not at ../shared (its licence keeps it there)"
)


def corpus_cases(section: str) -> list[Any]:
    """Return, per file of the corpus, its ``valid``, ``decodeErrors`` or ``parseErrors`` cases."""
    return [
        pytest.param(path.stem, cases, id=path.stem)
        for path in sorted(CORPUS.glob("*.json"))
        if (cases := json.loads(path.read_text("utf-8")).get(section))
    ]
