#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks the arrows of the house: who may include whom. Usage: check_layers.py REPOSITORY [--self-test]

The include paths of the CMake targets already refuse most wrong includes; this sees those they cannot
(<QtWidgets/QWidget> below ui, a relative ../), and a library that leaked out of its room.
"""
import pathlib
import re
import sys
import tempfile

ALLOWED = {
    'core': {'core'},
    'link': {'core', 'link'},
    'sim': {'core', 'link', 'sim'},
    'app': {'core', 'link', 'app'},
    'ui': {'core', 'link', 'app', 'ui'},
    'cli': {'core', 'link', 'app', 'sim', 'cli'},
    'gui': {'core', 'link', 'app', 'ui', 'sim', 'gui'},
}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
WIDGETS = re.compile(r'^(Qt(Widgets|Gui|Charts|Svg|PrintSupport)/|Q(Widget|Application|MainWindow|Dialog|Painter|Pixmap|Image|Icon|Color|'
                     r'Font|Label|PushButton|Chart)\b|qcustomplot)')


def sources(root):
    return sorted(p for p in (root / 'src').rglob('*') if p.suffix in ('.h', '.cpp'))


def check(root):
    problems, owners = [], {}
    files = sources(root)
    for path in files:
        layer = path.relative_to(root / 'src').parts[0]
        name = str(path.relative_to(root / 'src' / layer))
        if path.suffix == '.h':
            if name in owners and owners[name] != layer:
                problems.append(f'{name}: the same header name in {owners[name]} and {layer}')
            owners[name] = layer
    for path in files:
        layer = path.relative_to(root / 'src').parts[0]
        text = path.read_text()
        where = path.relative_to(root)
        if layer not in ALLOWED:
            problems.append(f'{where}: {layer} is no layer')
            continue
        if 'SPDX-License-Identifier: GPL-3.0-or-later' not in text[:200]:
            problems.append(f'{where}: no licence line')
        if '#include <tl/' in text and name_of(path, root) != 'core/base/result.h':
            problems.append(f'{where}: only core/base/result.h names tl')
        for kind, target in INCLUDE.findall(text):
            problems += [f'{where}: {why}' for why in judge(layer, path, kind, target, owners)]
    return problems, len(files)


def name_of(path, root):
    return str(path.relative_to(root / 'src'))


def judge(layer, path, kind, target, owners):
    if '..' in target.split('/'):
        yield f'includes {target} past its own folder'
    if layer == 'core' and re.match(r'^(Q[A-Z]|Qt|qcoro)', target):
        yield f'core includes {target}: core knows no Qt'
    if layer not in ('ui', 'gui') and WIDGETS.match(target):
        yield f'{target} belongs to ui'
    if path.suffix == '.h' and re.match(r'^(qcustomplot|Qt?Charts?)', target):
        yield f'{target} in a header: plots stay in .cpp files'
    if kind == '"' and not (path.parent / target).exists():
        owner = owners.get(target)
        if owner and owner not in ALLOWED[layer]:
            yield f'{layer} includes {target} of {owner}'


def self_test():
    """A wrong house must be seen as wrong."""
    wrong = {'src/core/a.cpp': '#include <QtCore/QString>', 'src/app/b.cpp': '#include <QtWidgets/QWidget>', 'src/app/c.cpp': '#include "klippy.h"',
             'src/sim/klippy.h': '', 'src/link/d.cpp': '#include "../app/session.h"', 'src/ui/e.h': '#include <qcustomplot.h>'}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name, text in wrong.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text('// SPDX-License-Identifier: GPL-3.0-or-later\n' + text + '\n')
        found = ' '.join(check(root)[0])
    missed = [name for name in wrong if name != 'src/sim/klippy.h' and name not in found]
    if missed:
        sys.exit(f'the check does not see: {", ".join(missed)}\nfound: {found}')


def main():
    self_test()
    problems, count = check(pathlib.Path(sys.argv[1]))
    print('\n'.join(problems))
    print(f'{count} files, {len(problems)} problems')
    sys.exit(1 if problems or not count else 0)


main()
