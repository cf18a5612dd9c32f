// SPDX-License-Identifier: GPL-3.0-or-later
// gcgen - writes large, realistic, deterministic G-code with an exact ground truth beside it.
// Build: g++ -std=c++20 -O2 -ffp-contract=off gcgen.cpp -o gcgen      (no libraries; see make-big.sh)
//
// All coordinates are integers (1 um for X Y Z I J, 10 nm for E), so what --truth records is exact:
// the state BEFORE the line that starts at the given byte offset is executed.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>
using i64 = std::int64_t;
using u64 = std::uint64_t;

struct Rng {  // splitmix64
    u64 s;
    u64 next() { u64 z = (s += 0x9E3779B97F4A7C15ull); z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull; z = (z ^ (z >> 27)) * 0x94D049BB133111EBull; return z ^ (z >> 31); }
    i64 below(i64 n) { return i64(next() % u64(n)); }
    i64 range(i64 lo, i64 hi) { return lo + below(hi - lo + 1); }
};

enum class Dialect { Prusa, Cura, Orca };
struct Opt {
    Dialect dialect = Dialect::Prusa;
    bool relE = false, arcs = false, crlf = false, zhop = false, comments = false;
    i64 size = 0, layers = 1000, layerUm = 200, tools = 1, seq = 1, samples = 1000;
    u64 seed = 1;
    std::string out, truth;
};

struct State {  // what a resume has to restore
    i64 x = 0, y = 0, z = 0, e = 0, eTotal = 0;   // e: the logical E register; eTotal: net filament fed by all tools
    i64 f = 0, tool = 0, fan = 0, bed = 0, flow = 100, accel = 0, pa = 0, zoff = 0;
    bool relE = false, relXYZ = false;
    std::vector<i64> temp;
};

struct Gen {
    Opt o; Rng r; State s; FILE* f = nullptr; FILE* t = nullptr;
    std::string buf; i64 flushed = 0, nextSample = 0, sampleStep = 0; i64 layer = -1, moves = 0, lines = 0;
    i64 pos() const { return flushed + i64(buf.size()); }
    void flushIf(size_t n) { if (buf.size() >= n) { if (fwrite(buf.data(), 1, buf.size(), f) != buf.size()) { perror("write"); exit(1); } flushed += i64(buf.size()); buf.clear(); } }
    void nl() { if (o.crlf) buf += '\r'; buf += '\n'; ++lines; flushIf(1 << 20); if (t && pos() >= nextSample) { nextSample = pos() + sampleStep; dump('S'); } }
    void dump(char kind) {
        if (!t) return;
        fprintf(t, "%c\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%lld\t%d\t%d", kind, (long long)pos(), (long long)layer, (long long)s.x, (long long)s.y, (long long)s.z,
                (long long)s.e, (long long)s.eTotal, (long long)s.f, (long long)s.tool, (long long)s.fan, (long long)s.bed, (long long)s.flow, (long long)s.accel, (long long)s.pa, (long long)s.zoff, int(s.relE), int(s.relXYZ));
        for (size_t i = 0; i < s.temp.size(); ++i) fprintf(t, "%c%lld", i ? ',' : '\t', (long long)s.temp[i]);
        fputc('\n', t);
    }
    void num(i64 v, int dec) {  // fixed point; Prusa drops a leading 0, all drop trailing zeros
        char tmp[32]; int n = 0; bool neg = v < 0; u64 u = neg ? u64(-v) : u64(v); bool any = false; u64 ip = u; int frac[8];
        for (int i = dec - 1; i >= 0; --i) { frac[i] = int(ip % 10); ip /= 10; }
        int last = dec; while (last > 0 && frac[last - 1] == 0) --last;
        if (neg) buf += '-';
        if (ip || last == 0 || o.dialect == Dialect::Cura) { do { tmp[n++] = char('0' + ip % 10); ip /= 10; } while (ip); while (n) buf += tmp[--n]; any = true; }
        (void)any;
        if (last) { buf += '.'; for (int i = 0; i < last; ++i) buf += char('0' + frac[i]); }
    }
    void word(char c, i64 v, int dec) { buf += ' '; buf += c; num(v, dec); }
    void raw(std::string_view v) { buf += v; nl(); }
    void feed(i64 fNew) { if (fNew != s.f) { if (o.dialect == Dialect::Cura) pendingF = fNew; else { buf += "G1"; word('F', fNew, 0); s.f = fNew; nl(); } } }
    i64 pendingF = 0;
    void putF() { if (pendingF && pendingF != s.f) { word('F', pendingF, 0); s.f = pendingF; } pendingF = 0; }
    void putE(i64 de) { word('E', s.relE ? de : s.e + de, 5); s.e += de; s.eTotal += de; }
    void travel(i64 x, i64 y, i64 fr) {
        buf += o.dialect == Dialect::Cura ? "G0" : "G1";
        if (o.dialect == Dialect::Cura) { pendingF = fr; putF(); }
        word('X', x, 3); word('Y', y, 3);
        if (o.dialect != Dialect::Cura && fr != s.f) { word('F', fr, 0); s.f = fr; }
        s.x = x; s.y = y; ++moves; comment(" ; move to next point"); nl();
    }
    void comment(const char* c) { if (o.comments) buf += c; }
    void extrude(i64 x, i64 y, i64 perMm) {  // perMm: E (1e-5 mm) for each mm of path
        double d = std::sqrt(double((x - s.x) * (x - s.x) + (y - s.y) * (y - s.y)));
        i64 de = i64(d * double(perMm) / 1000.0 + 0.5);
        if (de == 0 && d == 0) return;
        buf += "G1"; putF(); word('X', x, 3); word('Y', y, 3); s.x = x; s.y = y; putE(de); ++moves; comment(" ; perimeter"); nl();
    }
    void arcTo(i64 x, i64 y, i64 cx, i64 cy, bool ccw, i64 len, i64 perMm) {
        buf += ccw ? "G3" : "G2"; word('X', x, 3); word('Y', y, 3); word('I', cx - s.x, 3); word('J', cy - s.y, 3); s.x = x; s.y = y; putE(len * perMm / 1000); ++moves; nl();
    }
    void eOnly(i64 de, i64 fr) { buf += "G1"; if (o.dialect == Dialect::Cura) { pendingF = fr; putF(); } putE(de); if (o.dialect != Dialect::Cura && fr != s.f) { word('F', fr, 0); s.f = fr; } ++moves; comment(" ; retract"); nl(); }
    void zMove(i64 z, i64 fr) { buf += "G1"; word('Z', z, 3); if (fr != s.f) { word('F', fr, 0); s.f = fr; } s.z = z; ++moves; comment(" ; move to next layer"); nl(); }
    void g92e() { buf += "G92 E0"; s.e = 0; nl(); }
    void fan(i64 v) { if (v == s.fan) return; s.fan = v; if (v) { buf += "M106 S"; num(v * 100, 2); } else buf += "M107"; nl(); }
    void temp(i64 v) { if (s.temp[size_t(s.tool)] == v) return; s.temp[size_t(s.tool)] = v; buf += "M104 S"; num(v, 0); comment(" ; set temperature"); nl(); }
    void accel(i64 v) { if (v == s.accel) return; s.accel = v; buf += "M204 S"; num(v, 0); nl(); }
    void pa(i64 v) { if (v == s.pa) return; s.pa = v; if (o.dialect == Dialect::Orca) { buf += "SET_PRESSURE_ADVANCE ADVANCE="; num(v, 4); } else { buf += "M900 K"; num(v, 4); } nl(); }
    void type(const char* p, const char* c) { buf += o.dialect == Dialect::Cura ? c : p; nl(); }
    void hopTravel(i64 x, i64 y) {
        eOnly(-80000, 2100); if (!s.relE && o.dialect != Dialect::Cura && r.below(3) == 0) g92e();
        if (o.zhop) zMove(s.z + 400, 9000);
        travel(x, y, 9000);
        if (o.zhop) zMove(s.z - 400, 9000);
        eOnly(80000, 2100);
    }
    void header() {
        s.temp.assign(size_t(o.tools), 0);
        raw(o.dialect == Dialect::Prusa ? "; generated by gcgen (PrusaSlicer-like dialect)" : o.dialect == Dialect::Cura ? ";FLAVOR:Marlin" : "; generated by gcgen (OrcaSlicer-like dialect)");
        if (o.dialect == Dialect::Cura) { raw(";TIME:360000"); raw(";Filament used: 512.25m"); buf += ";Layer height: "; num(o.layerUm, 3); nl(); raw(";Generated with gcgen"); }
        if (o.dialect != Dialect::Cura) {
            raw(""); raw("; thumbnail begin 48x48 780");
            for (int i = 0; i < 10; ++i) { buf += "; "; for (int k = 0; k < 78; ++k) buf += "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[r.below(64)]; nl(); }
            raw("; thumbnail end"); raw("; external perimeters extrusion width = 0.45mm"); raw("");
            raw("M201 X9000 Y9000 Z500 E10000 ; sets maximum accelerations, mm/sec^2"); raw("M203 X500 Y500 Z12 E120 ; sets maximum feedrates, mm / sec"); raw("M205 X8.00 Y8.00 Z0.40 E1.50 ; sets the jerk limits, mm/sec");
        }
        auto set = [&](i64& field, i64 v, std::string_view line) { field = v; raw(line); };
        if (o.dialect == Dialect::Orca) {
            set(s.bed, 65, "M140 S65"); set(s.temp[0], 220, "M104 S220"); raw("PRINT_START EXTRUDER=220 BED=65"); raw("BED_MESH_PROFILE LOAD=default");
            set(s.zoff, -25, "SET_GCODE_OFFSET Z=-0.025"); set(s.pa, 420, "SET_PRESSURE_ADVANCE ADVANCE=0.042");
        } else {
            set(s.bed, 60, "M190 S60 ; set bed temperature and wait for it to be reached"); set(s.temp[0], 215, "M104 S215 ; set temperature"); raw("G28 ; home all axes"); raw("M420 S1 Z2");
            set(s.pa, 600, "M900 K0.06"); set(s.flow, 98, "M221 S98"); raw("M109 S215 ; set temperature and wait for it to be reached");
        }
        raw("G21 ; set units to millimeters"); raw("G90 ; use absolute coordinates");
        s.relE = o.relE; raw(o.relE ? "M83 ; use relative distances for extrusion" : "M82 ; use absolute distances for extrusion");
        g92e();
        for (i64 i = 1; i < o.tools; ++i) { buf += "M104 T"; num(i, 0); buf += " S"; num(200 + 5 * i, 0); s.temp[size_t(i)] = 200 + 5 * i; nl(); }
    }
    void layerStart(i64 n, i64 zUm, i64 bytesDone, i64 bytesAll) {
        layer = n;
        dump('L');
        if (o.dialect == Dialect::Cura) { buf += ";LAYER:"; num(n, 0); nl(); }
        else { raw(";LAYER_CHANGE"); buf += ";Z:"; { Dialect d = o.dialect; o.dialect = Dialect::Cura; num(zUm, 3); o.dialect = d; } nl(); buf += ";HEIGHT:"; { Dialect d = o.dialect; o.dialect = Dialect::Cura; num(o.layerUm, 3); o.dialect = d; } nl(); raw(";BEFORE_LAYER_CHANGE"); }
        if (o.dialect == Dialect::Orca) { buf += "SET_PRINT_STATS_INFO CURRENT_LAYER="; num(n + 1, 0); nl(); }
        if (o.dialect != Dialect::Cura) { i64 p = bytesAll ? bytesDone * 100 / bytesAll : 0; if (p != lastP) { lastP = p; buf += "M73 P"; num(p, 0); buf += " R"; num((100 - p) * 6, 0); nl(); } }
        if (o.relE || (o.dialect != Dialect::Cura && r.below(4) == 0)) g92e();
        zMove(zUm, 9000);
        if (n == 1) { temp(s.temp[size_t(s.tool)] - 5); fan(153); }
        if (n == 2) fan(255);
        if (n > 2 && r.below(16) == 0) fan(r.range(76, 255));
        if (n % 512 == 511) pa(r.range(200, 900));
        if (n % 700 == 699) { s.flow = r.range(90, 110); buf += "M221 S"; num(s.flow, 0); nl(); }
        if (n % 900 == 899 && o.dialect == Dialect::Orca) { s.zoff = r.range(-60, 60); buf += "SET_GCODE_OFFSET Z="; num(s.zoff, 3); nl(); }
    }
    i64 lastP = -1;
    void toolChange(i64 to) {
        eOnly(-1500000, 3000);
        if (!s.relE && o.dialect != Dialect::Cura) g92e();
        buf += 'T'; num(to, 0); s.tool = to; nl();
        raw("; CP TOOLCHANGE WIPE"); temp(195 + 5 * to + r.range(0, 4));
        hopTravel(170000, 140000); eOnly(1500000, 1500); feed(4800);
        for (int i = 0; i < 12; ++i) { extrude(i % 2 ? 170000 : 230000, 140000 + i * 700, 3800); extrude(s.x, 140000 + i * 700 + 700, 3800); }
        raw("; CP TOOLCHANGE END");
    }
    // one island: perimeters along a lobed ring of n points, then wavy zig-zag infill rows; stops after the byte budget
    void island(i64 cx, i64 cy, i64 rad, i64 budgetEnd, i64 rotIdx, i64 zi) {
        static const double C = 0.99802672842827156, S = 0.062790519529313374;  // a turn in 100 steps
        int const n = 100; double ux = 1, uy = 0; for (i64 i = 0; i < rotIdx % n; ++i) { double a = ux * C - uy * S; uy = ux * S + uy * C; ux = a; }
        i64 const perMm = 3326;
        for (int p = 0; p < 3 && pos() < budgetEnd; ++p) {
            double R = double(rad - p * 450); double vx = ux, vy = uy;
            auto px = [&](int k) { double lob = 1.0 + (o.arcs ? 0.0 : 0.06) * double((k * 7 + int(zi % 13)) % 10) / 10.0; return cx + i64(std::floor(R * lob * vx + 0.5)); };
            auto py = [&](int k) { double lob = 1.0 + (o.arcs ? 0.0 : 0.06) * double((k * 7 + int(zi % 13)) % 10) / 10.0; return cy + i64(std::floor(R * lob * vy + 0.5)); };
            hopTravel(px(0), py(0)); accel(p ? 1500 : 800);
            type(p ? ";TYPE:Perimeter" : ";TYPE:External perimeter", p ? ";TYPE:WALL-INNER" : ";TYPE:WALL-OUTER");
            if (o.dialect != Dialect::Cura) raw(p ? ";WIDTH:0.449999" : ";WIDTH:0.45");
            feed(p ? 3600 : 1800);
            for (int k = 1; k <= n && pos() < budgetEnd; ++k) {
                double a = vx * C - vy * S; vy = vx * S + vy * C; vx = a;
                if (o.arcs && k % 20 == 0) { i64 x = cx + i64(std::floor(R * vx + 0.5)), y = cy + i64(std::floor(R * vy + 0.5)); arcTo(x, y, cx, cy, true, i64(R * 0.0628 * 20), perMm); }
                else if (!o.arcs) extrude(px(k), py(k), perMm);
            }
        }
        if (pos() >= budgetEnd) return;
        accel(2500);
        i64 const half = rad * 6 / 10; hopTravel(cx - half, cy - half);
        type(";TYPE:Internal infill", ";TYPE:FILL"); if (o.dialect != Dialect::Cura) raw(";WIDTH:0.45"); feed(4800);
        bool fwd = true;
        for (i64 y = cy - half; y < cy + half && pos() < budgetEnd; y += 900) {
            i64 x = fwd ? cx - half : cx + half;
            while ((fwd ? x < cx + half : x > cx - half) && pos() < budgetEnd) { i64 st = r.range(500, 2400); x += fwd ? st : -st; extrude(x, y + r.range(-300, 300), perMm); }
            fwd = !fwd;
        }
    }
    int run() {
        f = fopen(o.out.c_str(), "wb"); if (!f) { perror(o.out.c_str()); return 1; }
        setvbuf(f, nullptr, _IONBF, 0);
        if (!o.truth.empty()) { t = fopen(o.truth.c_str(), "wb"); if (!t) { perror(o.truth.c_str()); return 1; } fputs("kind\toffset\tlayer\tx_um\ty_um\tz_um\te_10nm\tetotal_10nm\tfeed\ttool\tfan\tbed\tflow\taccel\tpa_1e4\tzoff_um\trelE\trelXYZ\ttemps\n", t); }
        sampleStep = o.samples ? std::max<i64>(1, o.size / o.samples) : (i64(1) << 62); nextSample = sampleStep; if (!o.samples) nextSample = i64(1) << 62;
        header();
        i64 const perObj = std::max<i64>(1, o.layers / o.seq); i64 const total = perObj * o.seq;
        for (i64 n = 0; n < total; ++n) {
            i64 const end = o.size / total * (n + 1); i64 const k = n % perObj, obj = n / perObj; i64 const z = o.layerUm * (k + 1);
            if (n && k == 0) { if (o.dialect == Dialect::Orca) raw("EXCLUDE_OBJECT_END NAME=obj"); eOnly(-80000, 2100); zMove(o.layerUm * perObj + 5000, 9000); travel(30000 + obj * 20000 % 160000, 30000, 9000); eOnly(80000, 2100); }
            layerStart(n, z, pos(), o.size);
            if (o.tools > 1) toolChange((s.tool + 1 + (o.tools > 2 ? r.below(o.tools - 1) : 0)) % o.tools);
            i64 isl = 0;
            while (pos() < end) {
                i64 const cx = 60000 + (obj * 37000 + isl * 41000) % 110000, cy = 60000 + (obj * 53000 + isl * 29000) % 110000;
                if (o.dialect == Dialect::Orca) { buf += "EXCLUDE_OBJECT_START NAME=part_id_"; num(isl, 0); buf += "_copy_0"; nl(); }
                else if (o.dialect == Dialect::Prusa) { buf += "; printing object part.stl id:"; num(isl, 0); buf += " copy 0"; nl(); }
                else { buf += ";MESH:part"; num(isl, 0); buf += ".stl"; nl(); }
                island(cx, cy, 14000 + (isl * 3000) % 12000, end, n + isl * 7, n);
                if (o.dialect == Dialect::Orca) { buf += "EXCLUDE_OBJECT_END NAME=part_id_"; num(isl, 0); buf += "_copy_0"; nl(); }
                if (++isl > 100000) break;
            }
            if (o.dialect == Dialect::Cura) { buf += ";TIME_ELAPSED:"; num(n * 3600 / 10, 1); nl(); }
        }
        dump('E');
        type(";TYPE:Custom", ";End of Gcode"); raw("M104 S0"); raw("M140 S0"); raw("M107"); raw("G91"); raw("G1 Z10 F600"); raw("G90"); raw("M84");
        if (o.dialect != Dialect::Cura) { raw("; filament used [mm] = 1.0"); raw("; prusaslicer_config = begin"); for (int i = 0; i < 250; ++i) { buf += "; some_setting_"; num(i, 0); buf += " = G1 X"; num(r.below(100), 0); buf += "\\nM104 S[temperature]"; nl(); } raw("; prusaslicer_config = end"); }
        flushIf(1); fclose(f); if (t) fclose(t);
        fprintf(stderr, "%s: %lld bytes, %lld lines, %lld moves, %lld layers\n", o.out.c_str(), (long long)flushed, (long long)lines, (long long)moves, (long long)total);
        return 0;
    }
};

static i64 sizeOf(const char* p) { char* e; double v = strtod(p, &e); switch (*e) { case 'K': case 'k': v *= 1e3; break; case 'M': case 'm': v *= 1e6; break; case 'G': case 'g': v *= 1e9; break; default: break; } return i64(v); }
int main(int c, char** v) {
    Gen g{}; Opt& o = g.o; o.size = 200'000'000;
    for (int i = 1; i < c; ++i) {
        std::string_view a = v[i]; auto arg = [&] { if (++i >= c) { fprintf(stderr, "%s needs a value\n", v[i - 1]); exit(2); } return v[i]; };
        if (a == "--size") o.size = sizeOf(arg()); else if (a == "--layers") o.layers = atoll(arg()); else if (a == "--layer-um") o.layerUm = atoll(arg());
        else if (a == "--tools") o.tools = atoll(arg()); else if (a == "--seq") o.seq = atoll(arg()); else if (a == "--seed") o.seed = u64(atoll(arg())); else if (a == "--samples") o.samples = atoll(arg());
        else if (a == "--rel-e") o.relE = true; else if (a == "--arcs") o.arcs = true; else if (a == "--crlf") o.crlf = true; else if (a == "--zhop") o.zhop = true; else if (a == "--comments") o.comments = true;
        else if (a == "--dialect") { std::string_view d = arg(); o.dialect = d == "cura" ? Dialect::Cura : d == "orca" ? Dialect::Orca : Dialect::Prusa; }
        else if (a == "--truth") o.truth = arg(); else if (a[0] != '-') o.out = a;
        else { fprintf(stderr, "gcgen: unknown option %s\n", v[i]); return 2; }
    }
    if (o.out.empty()) { fprintf(stderr, "usage: gcgen [--size 200M] [--layers 1000] [--layer-um 200] [--dialect prusa|cura|orca] [--rel-e] [--arcs] [--zhop] [--crlf] [--comments] [--tools N] [--seq N] [--seed N] [--truth FILE.tsv] [--samples N] OUT.gcode\n"); return 2; }
    g.r.s = o.seed; return g.run();
}
