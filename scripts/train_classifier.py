"""Make `config/classification/text.toml` from labelled items: `make train-classifier`.

    python scripts/train_classifier.py [--data FILE.jsonl ...] [--out FILE.toml]

Reads items as JSON lines with `title`, `body`, `labels`, `label` (program or product) and, where
known, `source` and `confidence`. Writes weights of hand-made concepts and of words and word
pairs that six or more sources share, so that no sentence can be read back, and no name of a
source. The same data give the same bytes. Sources are used to form folds and to weigh items,
never as features.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from syncer.classify.labelled import labelled
from syncer.classify.shipped import shipped_words
from syncer.classify.training import train, written

CHECKOUT = Path(__file__).resolve().parent.parent
HINT = "(make: ARGS), or the folder of the development data with SYNCER_SHARED_DATA"
OUT = CHECKOUT / "config" / "classification" / "text.toml"


def main() -> None:
    """Train and write."""
    shared = Path(os.environ.get("SYNCER_SHARED_DATA", CHECKOUT.parent / "shared" / "data"))
    parser = argparse.ArgumentParser(description="Train the text model of syncer's classifier.")
    parser.add_argument("--data", type=Path, action="append", help="labelled items, JSON lines")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    paths = arguments.data or [shared / "classification" / "real_dev.jsonl"]
    if missing := [str(path) for path in paths if not path.is_file()]:
        parser.error(f"no file {missing[0]}: name labelled items with --data {HINT}")
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    items = labelled(json.loads(line) for line in lines if line.strip())
    model = train(items, shipped_words())
    arguments.out.write_text(written(model, items), encoding="utf-8")
    print(f"{len(model.weights)} weights from {len(items)} items: {arguments.out}")


if __name__ == "__main__":
    main()
