#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""oracle_states.py FILE DIALECT BYTE...   the oracle's state at each byte (ascending), one JSON object a line, in one pass."""
import json
import sys

import resume_oracle


def main():
    data = open(sys.argv[1], 'rb').read()
    machine = resume_oracle.Machine(sys.argv[2])
    wanted = [int(byte) for byte in sys.argv[3:]]
    for _, end, raw in resume_oracle.lines(data):
        while wanted and end > wanted[0]:
            print(json.dumps(machine.state()))
            wanted.pop(0)
        machine.run(raw)
    for _ in wanted:
        print(json.dumps(machine.state()))


main()
