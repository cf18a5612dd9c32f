#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""compare_heads.py FILE < JOBS   the oracle's `compare` for many plans of one file, in several dialects, read once.

JOBS: lines `DIALECT BYTE HEAD`. HEAD is a file that ends with its marker line: the tail is taken to be FILE's own bytes (that
they are is another test's matter). One line of answer per job: `DIALECT BYTE: same`, or why not.
"""
import sys

import resume_oracle


def states(parsed, size, wanted, dialect):
    """byte -> (start of its line, state before that line)"""
    machine, todo, found = resume_oracle.Machine(dialect), sorted(wanted), {}
    for at, end, command in parsed:
        while todo and todo[0] < end:
            found[todo.pop(0)] = (at, machine.all())
        if not todo:
            return found
        machine.execute(command)
    for byte in todo:
        found[byte] = (size, machine.all())
    return found


def main():
    data = open(sys.argv[1], 'rb').read()
    jobs = [line.split(None, 2) for line in sys.stdin.read().splitlines()]
    cache = {}

    def once(raw):
        return cache[raw] if raw in cache else cache.setdefault(raw, resume_oracle.parse(raw))

    parsed = [(at, end, once(raw)) for at, end, raw in resume_oracle.lines(data)]
    for dialect in dict.fromkeys(job[0] for job in jobs):
        mine = [(int(byte), head) for wanted, byte, head in jobs if wanted == dialect]
        found = states(parsed, len(data), {byte for byte, _ in mine}, dialect)
        for byte, head in mine:
            at, state = found[byte]
            text = open(head, 'rb').read() + data[at:]
            print(f'{dialect} {byte}: {resume_oracle.check(data, at, state, text, dialect, False) or "same"}')


main()
