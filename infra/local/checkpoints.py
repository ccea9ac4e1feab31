"""How far each stream has been read, kept in one file for the next run."""

import json
import os
from pathlib import Path


class Checkpoints:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._sequence_numbers: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def find(self, shard: str) -> str | None:
        return self._sequence_numbers.get(shard)

    def mark(self, shard: str, sequence_number: str) -> None:
        self._sequence_numbers[shard] = sequence_number
        self._save()

    def forget(self, shard: str) -> None:
        if self._sequence_numbers.pop(shard, None):
            self._save()

    def _save(self) -> None:
        unfinished = self._path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(self._sequence_numbers))
        os.replace(unfinished, self._path)
