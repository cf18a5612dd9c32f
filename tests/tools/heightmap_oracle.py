#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""heightmap_oracle.py FILE.gcode [--upto BYTE] [--cell MM] [--flavor klipper|marlin] [--width MM] [--filament MM]

A slow, plain rasteriser: what the lines that begin before BYTE print, as rows `ix iy height` (cell ix covers ix * cell to
(ix + 1) * cell), then `unknown N`. It shares no code with the program. Each extruding move is walked in small steps, and at each
step a disc as wide as the line marks the cells it touches.

Rules: a line is as wide as the last ;WIDTH: / ; LINE_WIDTH: says, else as its filament makes it at the layer's height (;HEIGHT: or
; LAYER_HEIGHT:, else from level to level, else 0.2); much more filament than a noted width takes makes it wider, up to 5 mm.
Filament pushed without a way in X and Y first makes up for what was pulled back; from 1 mm3 on the rest is a ball on top of what is
there (not higher than the nozzle), and in a move along Z alone it is a line. G28 leaves places unknown until absolute moves.
"""
import math, re, sys

WORD = re.compile(r'([A-Za-z])\s*([-+]?(?:\d+\.?\d*|\.\d+))?')
NUM = re.compile(r'[-+]?(?:\d+\.?\d*|\.\d+)')


def option(name, default):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else default


class Raster:
    def __init__(self, cell):
        self.cell = cell
        self.cells = {}

    def disc(self, x, y, r, z):
        c = self.cell
        for iy in range(math.floor((y - r) / c), math.floor((y + r) / c) + 1):
            dy = max(iy * c - y, 0, y - (iy + 1) * c)
            if dy > r:
                continue
            half = math.sqrt(r * r - dy * dy)
            for ix in range(math.floor((x - half) / c), math.floor((x + half) / c) + 1):
                if z > self.cells.get((ix, iy), -1e9):
                    self.cells[ix, iy] = z

    def highest(self, x, y, r):
        c = self.cell
        return max([self.cells.get((ix, iy), 0.0)
                    for iy in range(math.floor((y - r) / c), math.floor((y + r) / c) + 1)
                    for ix in range(math.floor((x - r) / c), math.floor((x + r) / c) + 1)])

    def path(self, points, r):
        for (x0, y0, z0), (x1, y1, z1) in zip(points, points[1:]):
            n = max(1, math.ceil(math.hypot(x1 - x0, y1 - y0) / (self.cell / 5)))
            for i in range(n + 1):
                t = i / n
                self.disc(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t, r, z0 + (z1 - z0) * t)


class Machine:
    def __init__(self, cell, flavor, width, filament):
        self.raster = Raster(cell)
        self.flavor, self.area = flavor, math.pi / 4 * filament ** 2
        self.fixed = width
        self.pos, self.sure = [0.0, 0.0, 0.0], [False] * 3
        self.shift, self.lost = [0.0, 0.0, 0.0], [False] * 3
        self.e, self.back, self.unknown = 0.0, 0.0, 0
        self.rel, self.rel_e, self.inch, self.plane = False, False, False, 17
        self.noted, self.height, self.noted_height, self.level = None, 0.2, False, 0.0

    def comment(self, text):
        m = re.match(r'\s*(?:LINE_)?WIDTH:\s*([\d.]+)', text)
        if m:
            self.noted = float(m.group(1))
        m = re.match(r'\s*(?:LAYER_)?HEIGHT:\s*([\d.]+)', text)
        if m and 0 < float(m.group(1)) <= 1:
            self.height, self.noted_height = float(m.group(1)), True

    def width(self, de, length):
        if self.fixed:
            return self.fixed
        by_flow = de * self.area / (max(length, 1e-6) * self.height) + self.height * (1 - math.pi / 4)
        if self.noted is None:
            return min(by_flow, 5)
        return min(by_flow, 5) if by_flow > 1.25 * self.noted else self.noted

    def arc(self, start, end, w, clockwise, unit):
        a, b, c = {17: (0, 1, 2), 18: (2, 0, 1), 19: (1, 2, 0)}[self.plane]
        if w.get('R') is not None:
            r = w['R'] * unit
            dx, dy = end[a] - start[a], end[b] - start[b]
            d = math.hypot(dx, dy)
            if d < 1e-6 or abs(r) < 1e-6:
                return [start, end]
            h = math.sqrt(max(0.0, r * r - d * d / 4)) * (1 if clockwise == (r < 0) else -1)
            centre = (start[a] + dx / 2 - h * dy / d, start[b] + dy / 2 + h * dx / d)
        else:
            names = 'IJK'
            centre = (start[a] + (w.get(names[a]) or 0) * unit, start[b] + (w.get(names[b]) or 0) * unit)
        radius = math.hypot(start[a] - centre[0], start[b] - centre[1])
        if radius < 1e-6:
            return [start, end]
        t0 = math.atan2(start[b] - centre[1], start[a] - centre[0])
        t1 = math.atan2(end[b] - centre[1], end[a] - centre[0])
        closed = math.hypot(end[a] - start[a], end[b] - start[b]) < 1e-6
        turn = 0.0 if closed else (t0 - t1 if clockwise else t1 - t0)
        while turn <= 1e-12:
            turn += 2 * math.pi
        n = max(2, math.ceil(radius * turn / 0.05))
        points = []
        for i in range(n + 1):
            p, angle = [0.0] * 3, t0 + (-turn if clockwise else turn) * i / n
            p[a], p[b] = centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)
            p[c] = start[c] + (end[c] - start[c]) * i / n
            points.append(p)
        points[-1] = end
        return points

    def move(self, number, w):
        unit = 25.4 if self.inch else 1.0
        old, old_sure = list(self.pos), list(self.sure)
        for i, k in enumerate('XYZ'):
            if w.get(k) is not None:
                if self.rel:
                    self.pos[i] += w[k] * unit
                else:
                    self.pos[i], self.sure[i] = w[k] * unit, True
        de = 0.0
        if w.get('E') is not None:
            relative = self.rel_e or (self.rel and self.flavor == 'klipper')
            de = w['E'] * unit if relative else w['E'] * unit - self.e
            self.e = self.e + de if relative else w['E'] * unit
        arc = number >= 2
        across = old[:2] != self.pos[:2] or (arc and any(w.get(k) for k in 'IJK'))
        back, self.back = self.back, max(0.0, self.back - de)
        if de <= 0:
            return
        if not all(old_sure) or not all(self.sure) or any(self.lost):
            self.unknown += 1 if across or de > back + 0.01 else 0
            return
        start = [p - s for p, s in zip(old, self.shift)]
        end = [p - s for p, s in zip(self.pos, self.shift)]
        if not across:
            self.push(de - back, start, end)
            return
        if start[2] == end[2] and abs(self.pos[2] - self.level) > 1e-9:
            step, self.level = self.pos[2] - self.level, self.pos[2]
            if not self.noted_height:
                if 0.03 - 1e-9 <= step <= 1:
                    self.height = step
                elif 0.03 <= end[2] <= 1:
                    self.height = end[2]
        points = self.arc(start, end, w, number == 2, unit) if arc else [start, end]
        length = sum(math.dist(p, q) for p, q in zip(points, points[1:])) if arc else math.hypot(end[0] - start[0], end[1] - start[1])
        self.raster.path(points, self.width(de, length) / 2)

    def push(self, rest, start, end):
        if rest <= 0.01 + 1e-9:
            return
        r = (self.fixed or self.noted or 0.4) / 2
        if start[2] != end[2]:
            self.raster.disc(end[0], end[1], r, max(start[2], end[2]))
        volume = rest * self.area
        if volume >= 1:
            ball = min((3 * volume / (4 * math.pi)) ** (1 / 3), 10)
            below = min(self.raster.highest(end[0], end[1], ball), max(end[2], 0))
            self.raster.disc(end[0], end[1], ball, below + 2 * ball)

    def execute(self, line):
        code, _, rest = line.partition(';')
        if _:
            self.comment(rest)
        code = re.sub(r'\*\s*\d+\s*$', '', code).strip()
        code = re.sub(r'^[Nn]\d+\s*', '', code)
        m = re.match(r'([GgMmTt])(\d+)(?:\.(\d+))?(?![A-Za-z_]*_)', code)
        if not m:
            if code and not re.match(r'(SET_|EXCLUDE_|TIMELAPSE|M)', code):
                self.sure = [False] * 3
            return
        letter, number, sub = m.group(1).upper(), int(m.group(2)), m.group(3)
        w = {}
        if letter == 'G':
            for q in WORD.finditer(code[m.end():]):
                w.setdefault(q.group(1).upper(), None if q.group(2) is None else float(q.group(2)))
        if letter == 'M':
            if number == 82: self.rel_e = False
            if number == 83: self.rel_e = True
            return
        if letter != 'G' or sub:
            return
        unit = 25.4 if self.inch else 1.0
        if number <= 3:
            self.move(number, w)
        elif number in (17, 18, 19):
            self.plane = number
        elif number in (20, 21):
            self.inch = number == 20
        elif number == 28:
            for i, k in enumerate('XYZ'):
                if k in w or not any(a in w for a in 'XYZ'):
                    self.pos[i], self.sure[i], self.shift[i], self.lost[i] = 0.0, False, 0.0, False
        elif number == 90:
            self.rel = False
            if self.flavor == 'marlin': self.rel_e = False
        elif number == 91:
            self.rel = True
            if self.flavor == 'marlin': self.rel_e = True
        elif number in (29, 30, 34):
            self.sure = [False] * 3
        elif number == 92:
            every = not any(w.get(k) is not None for k in 'XYZE')
            for i, k in enumerate('XYZ'):
                if w.get(k) is not None or every:
                    value = (w.get(k) or 0) * unit
                    self.lost[i] = self.lost[i] or not self.sure[i]
                    self.shift[i] += value - self.pos[i]
                    self.pos[i] = value
            if w.get('E') is not None or every:
                self.e = (w.get('E') or 0) * unit


def main():
    data = open(sys.argv[1], 'rb').read()
    upto = int(option('--upto', len(data)))
    cell = float(option('--cell', 0.5))
    width = option('--width', None)
    machine = Machine(cell, option('--flavor', 'klipper'), float(width) if width else None, float(option('--filament', 1.75)))
    at = 0
    for line in data.splitlines(keepends=True):
        if at >= upto:
            break
        machine.execute(line.decode('latin-1').strip('\ufeff\r\n'))
        at += len(line)
    out = ['%d %d %.6f' % (ix, iy, z) for (ix, iy), z in machine.raster.cells.items()]
    sys.stdout.write('\n'.join(out + ['unknown %d' % machine.unknown]) + '\n')


if __name__ == '__main__':
    main()
