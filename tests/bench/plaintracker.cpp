// SPDX-License-Identifier: GPL-3.0-or-later
#include "plaintracker.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

namespace kintsugi::bench {

namespace {

struct Words {
    bool has[26] = {};
    double value[26] = {};
    [[nodiscard]] bool with(char letter) const { return has[letter - 'A']; }
    [[nodiscard]] double of(char letter) const { return value[letter - 'A']; }
};

Words readWords(const char* at)
{
    Words words;
    while (*at != '\0' && *at != ';') {
        const int letter = (*at | 0x20) - 'a';
        if (letter >= 0 && letter < 26) {
            char* end = nullptr;
            const double value = std::strtod(at + 1, &end);
            words.has[letter] = true;
            words.value[letter] = value;
            at = end > at ? end : at + 1;
        } else {
            ++at;
        }
    }
    return words;
}

void move(PlainState& state, const Words& words)
{
    const double x = state.x, y = state.y, z = state.z;
    const double base = state.absolute ? 0 : 1;
    if (words.with('X'))
        state.x = words.of('X') + base * x;
    if (words.with('Y'))
        state.y = words.of('Y') + base * y;
    if (words.with('Z'))
        state.z = words.of('Z') + base * z;
    if (words.with('F'))
        state.f = words.of('F');
    double extruded = 0;
    if (words.with('E')) {
        extruded = state.absoluteE ? words.of('E') - state.e : words.of('E');
        state.e += extruded;
        state.filament += extruded;
    }
    const double distance = std::sqrt((state.x - x) * (state.x - x) + (state.y - y) * (state.y - y) + (state.z - z) * (state.z - z));
    if (state.f > 0)
        state.seconds += (distance > 0 ? distance : std::abs(extruded)) / state.f * 60;
    ++state.moves;
}

void code(PlainState& state, char letter, int number, const Words& words)
{
    if (letter == 'G' && number <= 3)
        move(state, words);
    else if (letter == 'G' && (number == 90 || number == 91))
        state.absolute = number == 90;
    else if (letter == 'G' && number == 92 && words.with('E'))
        state.e = words.of('E');
    else if (letter == 'G' && number == 28)
        state.x = state.y = state.z = 0;
    else if (letter == 'T')
        state.tool = number;
    else if (letter == 'M' && (number == 82 || number == 83))
        state.absoluteE = number == 82;
    else if (letter == 'M' && (number == 104 || number == 109) && words.with('S'))
        state.temperatures[words.with('T') ? static_cast<int>(words.of('T')) : state.tool] = words.of('S');
    else if (letter == 'M' && (number == 140 || number == 190) && words.with('S'))
        state.bed = words.of('S');
    else if (letter == 'M' && (number == 106 || number == 107))
        state.fan = number == 107 ? 0 : words.with('S') ? words.of('S') : 255;
    else if (letter == 'M' && number == 204 && words.with('S'))
        state.acceleration = words.of('S');
    else if (letter == 'M' && number == 221 && words.with('S'))
        state.flow = words.of('S');
    else if (letter == 'M' && number == 900 && words.with('K'))
        state.pressureAdvance = words.of('K');
}

} // namespace

PlainState trackPlainly(const std::filesystem::path& path)
{
    PlainState state;
    std::ifstream in(path, std::ios::binary);
    std::string line;
    while (std::getline(in, line)) {
        ++state.lines;
        if (line.empty())
            continue;
        if (line[0] == ';') {
            state.layers += line.starts_with(";LAYER") ? 1U : 0U;
            continue;
        }
        char* at = line.data();
        if (*at == 'N')
            std::strtol(at + 1, &at, 10);
        while (*at == ' ')
            ++at;
        const char letter = static_cast<char>(*at & ~0x20);
        if (letter != 'G' && letter != 'M' && letter != 'T')
            continue;
        char* end = nullptr;
        const int number = static_cast<int>(std::strtol(at + 1, &end, 10));
        code(state, letter, number, readWords(end));
    }
    return state;
}

} // namespace kintsugi::bench
