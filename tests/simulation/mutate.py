#!/usr/bin/env python3
"""Writes a copy of a source file with one planted bug, for the tests of the simulator.

usage: mutate.py TABLE NAME SOURCE_DIR OUTPUT

TABLE: JSON, name -> {file, search, replace}. Fails unless `search` occurs exactly once in the file: a mutant that
no longer fits its file must be looked at, not skipped.
"""
import json
import pathlib
import sys


def main():
    table, name, source_dir, output = sys.argv[1:]
    mutant = json.loads(pathlib.Path(table).read_text())[name]
    text = (pathlib.Path(source_dir) / mutant["file"]).read_text()
    found = text.count(mutant["search"])
    if found != 1:
        sys.exit(f"mutant {name}: its search text occurs {found} times in {mutant['file']}, not once")
    out = pathlib.Path(output)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text.replace(mutant["search"], mutant["replace"]))


if __name__ == "__main__":
    main()
