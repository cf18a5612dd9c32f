#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists the sentences that core marks with KINTSUGI_TEXT as QT_TRANSLATE_NOOP("core", …), which lupdate understands.

usage: core_texts.py OUT FOLDER…"""
import pathlib
import re
import sys

MARK = re.compile(r'KINTSUGI_TEXT\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)\)')


def main():
    out, *folders = sys.argv[1:]
    found = {}
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix in (".cpp", ".h"):
                for match in MARK.finditer(path.read_text(encoding="utf-8")):
                    found.setdefault(" ".join(match.group(1).split("\n")), None)
    lines = ["// SPDX-License-Identifier: GPL-3.0-or-later", "// Made from core's sources for lupdate; never compiled."]
    lines += [f'static const char* text{n} = QT_TRANSLATE_NOOP("core", {text});' for n, text in enumerate(found)]
    pathlib.Path(out).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
