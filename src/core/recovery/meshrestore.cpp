// SPDX-License-Identifier: GPL-3.0-or-later
#include "recovery/meshrestore.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace kintsugi::recovery {

namespace {

using Rows = std::vector<std::vector<double>>;

constexpr double sameHeight = 2e-6;      // mm: Klipper writes six decimals
constexpr std::size_t mostPoints = 10'000;
constexpr std::string_view header = "#*# <---------------------- SAVE_CONFIG ---------------------->\n"
                                    "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n"
                                    "#*#\n";
constexpr std::string_view mark = "#*#";

bool isGrid(const Rows& rows)
{
    if (rows.size() < 2 || rows.front().size() < 2 || rows.size() * rows.front().size() > mostPoints)
        return false;
    return std::all_of(rows.begin(), rows.end(), [&rows](const std::vector<double>& row) {
        const auto credible = [](double height) { return std::isfinite(height) && std::abs(height) < 100; };
        return row.size() == rows.front().size() && std::all_of(row.begin(), row.end(), credible);
    });
}

bool canBeWritten(const MeshMatrix& mesh)
{
    const auto ordered = [&mesh](std::size_t i) {
        return std::isfinite(mesh.minimum[i]) && std::isfinite(mesh.maximum[i]) && mesh.minimum[i] < mesh.maximum[i];
    };
    return isGrid(mesh.probed) && ordered(0) && ordered(1);
}

bool sameGrid(const MeshMatrix& a, const MeshMatrix& b)
{
    const auto near = [](double x, double y) { return std::abs(x - y) < 1e-3; };
    for (std::size_t i = 0; i < 2; ++i) {
        if (!near(a.minimum[i], b.minimum[i]) || !near(a.maximum[i], b.maximum[i]))
            return false;
    }
    return isGrid(a.probed) && isGrid(b.probed) && a.probed.size() == b.probed.size() && a.probed[0].size() == b.probed[0].size();
}

/// mm by which two meshes can differ in height; of other grids no more is known than both ranges.
double deviation(const MeshMatrix& a, const MeshMatrix& b)
{
    if (!sameGrid(a, b))
        return a.range() + b.range();
    double most = 0;
    for (std::size_t y = 0; y < a.probed.size(); ++y) {
        for (std::size_t x = 0; x < a.probed[y].size(); ++x)
            most = std::max(most, std::abs(a.probed[y][x] - b.probed[y][x]));
    }
    return most;
}

bool same(const MeshMatrix& a, const MeshMatrix& b)
{
    return sameGrid(a, b) && deviation(a, b) <= sameHeight;
}

// --- printer.cfg

Error bad(std::string what)
{
    return Error{.code = ErrorCode::BadValue, .detail = std::move(what), .file = "printer.cfg"};
}

std::vector<std::string> linesOf(std::string_view text)
{
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        lines.emplace_back(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return lines;
}

std::string withoutEnd(std::string text)
{
    text.erase(text.find_last_not_of(" \t\n\r\f\v") + 1);
    return text;
}

bool isSectionOf(std::string_view line, std::string_view section)
{
    return line.starts_with('[') && line.substr(1).starts_with(section) && line.substr(1 + section.size()).starts_with(']');
}

/// What Klipper takes: a number it accepts, else `otherwise`.
std::string numberOr(const MeshMatrix& mesh, const char* key, bool whole, double low, double high, std::string otherwise)
{
    const auto found = mesh.parameters.find(key);
    if (found == mesh.parameters.end())
        return otherwise;
    const std::string& text = found->second;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool read = error == std::errc() && end == text.data() + text.size() && value >= low && value <= high;
    if (!read || (whole && std::floor(value) != value))
        return otherwise;
    return decimal(value, whole ? 0 : 6);
}

/// The rules of Klipper's bed_mesh: lagrange up to 6 points, bicubic from 4, direct any number and no points in between.
std::string algorithmOf(const MeshMatrix& mesh, std::size_t columns, std::size_t rows)
{
    const auto found = mesh.parameters.find("algo");
    const std::size_t most = std::max(columns, rows), least = std::min(columns, rows);
    const std::string wanted = found == mesh.parameters.end() ? std::string() : found->second;
    const bool lagrange = most <= 6 && least >= 3, bicubic = least >= 4;
    if ((wanted == "lagrange" && lagrange) || (wanted == "bicubic" && bicubic) || wanted == "direct")
        return wanted;
    return lagrange ? "lagrange" : bicubic ? "bicubic" : "direct";
}

std::vector<std::string> sectionLines(const MeshMatrix& mesh, const std::string& profile)
{
    const std::size_t rows = mesh.probed.size(), columns = mesh.probed.front().size();
    std::vector<std::string> lines{"[bed_mesh " + profile + "]", "version = 1", "points ="};
    for (const auto& row : mesh.probed) {
        std::string line = "\t ";
        for (std::size_t i = 0; i < row.size(); ++i) {
            std::array<char, 32> number{};
            const auto end = std::to_chars(number.data(), number.data() + number.size(), row[i], std::chars_format::fixed, 6).ptr;
            line += (i == 0 ? " " : ", ") + std::string(number.data(), end);
        }
        lines.push_back(line);
    }
    const std::string algorithm = algorithmOf(mesh, columns, rows);
    const std::string between = algorithm == "direct" ? "0" : "2";
    const auto add = [&lines](const char* key, const std::string& value) { lines.push_back(std::string(key) + " = " + value); };
    add("x_count", std::to_string(columns));
    add("y_count", std::to_string(rows));
    add("mesh_x_pps", algorithm == "direct" ? between : numberOr(mesh, "mesh_x_pps", true, 0, 20, between));
    add("mesh_y_pps", algorithm == "direct" ? between : numberOr(mesh, "mesh_y_pps", true, 0, 20, between));
    add("algo", algorithm);
    add("tension", numberOr(mesh, "tension", false, 0, 2, "0.2"));
    add("min_x", decimal(mesh.minimum[0], 6));
    add("max_x", decimal(mesh.maximum[0], 6));
    add("min_y", decimal(mesh.minimum[1], 6));
    add("max_y", decimal(mesh.maximum[1], 6));
    return lines;
}

/// The saved block's lines without their mark. Klipper ignores a block that it did not write whole.
Result<std::vector<std::string>> savedLines(std::string_view block)
{
    std::vector<std::string> lines;
    for (const std::string& line : linesOf(withoutEnd(std::string(block)))) {
        if (!line.starts_with(mark) || (line.size() > mark.size() && line[mark.size()] != ' '))
            return fail(bad("the saved block was edited by hand"));
        lines.push_back(line.size() > mark.size() ? line.substr(mark.size() + 1) : std::string());
    }
    return lines;
}

void removeSection(std::vector<std::string>& lines, const std::string& section)
{
    const auto begin = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) { return isSectionOf(line, section); });
    if (begin == lines.end())
        return;
    lines.erase(begin, std::find_if(begin + 1, lines.end(), [](const std::string& line) { return line.starts_with('['); }));
}

struct Parts { std::string regular; std::vector<std::string> saved; };

Result<Parts> split(const std::string& text)
{
    const std::size_t at = text.find("\n" + std::string(header));
    Parts parts{text.substr(0, at), {}};
    if (parts.regular.starts_with(mark) || parts.regular.find("\n" + std::string(mark)) != std::string::npos)
        return fail(bad("the saved block has no sound beginning"));
    if (at == std::string::npos)
        return parts;
    auto saved = savedLines(std::string_view(text).substr(at + 1 + header.size()));
    if (!saved)
        return fail(saved.error());
    parts.saved = std::move(*saved);
    return parts;
}

std::string withLineEnds(const std::string& text)
{
    std::string out;
    for (const char c : text)
        c == '\n' ? out += "\r\n" : out += c;
    return out;
}

Result<std::string> unixText(const std::string& text)
{
    if (text.find('\0') != std::string::npos)
        return fail(bad("it is no text"));
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n')
            out += text[i];
    }
    return out;
}

bool isPlainName(const std::string& name)
{
    const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
    return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), plain);
}

// --- difference

using Lines = std::vector<std::string>;
struct Edit { char kind; const std::string* line; }; ///< ' ', '-', '+'

/// Longest common subsequence of what is left between the common beginning and end.
void between(const Lines& a, const Lines& b, std::size_t from, std::size_t endA, std::size_t endB, std::vector<Edit>& edits)
{
    constexpr std::size_t largest = 4'000'000;
    const std::size_t n = endA - from, m = endB - from;
    if (n * m > largest) { // so much has changed that the shortest way says nothing
        for (std::size_t i = from; i < endA; ++i)
            edits.push_back({'-', &a[i]});
        for (std::size_t j = from; j < endB; ++j)
            edits.push_back({'+', &b[j]});
        return;
    }
    std::vector<std::uint32_t> common((n + 1) * (m + 1), 0);
    const auto at = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return common[i * (m + 1) + j]; };
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t j = m; j-- > 0;)
            at(i, j) = a[from + i] == b[from + j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1));
    }
    for (std::size_t i = 0, j = 0; i < n || j < m;) {
        if (i < n && j < m && a[from + i] == b[from + j]) {
            edits.push_back({' ', &a[from + i]});
            ++i, ++j;
        } else if (i < n && (j == m || at(i + 1, j) >= at(i, j + 1))) {
            edits.push_back({'-', &a[from + i++]});
        } else {
            edits.push_back({'+', &b[from + j++]});
        }
    }
}

std::vector<Edit> editsOf(const Lines& a, const Lines& b)
{
    std::size_t from = 0, endA = a.size(), endB = b.size();
    while (from < endA && from < endB && a[from] == b[from])
        ++from;
    while (endA > from && endB > from && a[endA - 1] == b[endB - 1])
        --endA, --endB;
    std::vector<Edit> edits;
    for (std::size_t i = 0; i < from; ++i)
        edits.push_back({' ', &a[i]});
    between(a, b, from, endA, endB, edits);
    for (std::size_t i = endA; i < a.size(); ++i)
        edits.push_back({' ', &a[i]});
    return edits;
}

} // namespace

double MeshMatrix::range() const
{
    double low = 0, high = 0;
    bool any = false;
    for (const auto& row : probed) {
        for (const double height : row) {
            low = any ? std::min(low, height) : height;
            high = any ? std::max(high, height) : height;
            any = true;
        }
    }
    return high - low;
}

MeshAdvice meshAdvice(const std::optional<MeshMatrix>& used, const std::string& usedProfile,
                      const std::map<std::string, std::optional<MeshMatrix>>& present, double layerHeight)
{
    MeshAdvice advice;
    advice.layerHeight = layerHeight;
    if (!used && usedProfile.empty()) {
        advice.text = {KINTSUGI_TEXT("No bed mesh was in use."), {}};
        return advice;
    }
    const auto load = [&advice](const std::string& profile, Message text) {
        advice.kind = MeshAdvice::Kind::LoadProfile;
        advice.profile = profile;
        advice.text = std::move(text);
        return advice;
    };
    const auto named = present.find(usedProfile);
    const bool there = named != present.end();
    if (there && (!used || !named->second))
        return load(usedProfile, {KINTSUGI_TEXT("The mesh %1 is loaded by its name; whether its points are those of the print is not recorded."), {usedProfile}});
    if (there && same(*used, *named->second))
        return load(usedProfile, {KINTSUGI_TEXT("The mesh %1 is still there, point for point."), {usedProfile}});
    for (const auto& [profile, points] : present) {
        if (used && points && same(*used, *points))
            return load(profile, {KINTSUGI_TEXT("The mesh of the print is kept as %1, point for point."), {profile}});
    }
    const std::string limit = layerHeight > 0 ? decimal(layerHeight) : std::string("?");
    advice.rangeKnown = used.has_value();
    if (!used) {
        advice.kind = MeshAdvice::Kind::Lost;
        advice.text = {KINTSUGI_TEXT("The mesh %1 did not survive the restart and its points were not recorded: nobody knows how far the heights differ without it. Choose another profile, or none, in the state."),
                       {usedProfile}};
        return advice;
    }
    advice.range = there ? deviation(*used, *named->second) : used->range();
    const std::string range = decimal(advice.range);
    const std::string name = usedProfile.empty() ? used->profile : usedProfile;
    const bool writable = canBeWritten(*used);
    advice.kind = writable ? MeshAdvice::Kind::RestoreByMatrix : MeshAdvice::Kind::Lost;
    if (writable)
        advice.profile = ownMeshProfile;
    advice.text = there ? Message{KINTSUGI_TEXT("The mesh %1 was probed anew since: it differs by up to %2 mm, a layer is %3 mm. The recorded points can be restored."), {name, range, limit}}
        : writable ? Message{KINTSUGI_TEXT("The mesh %1 did not survive the restart. Without it heights differ by up to %2 mm, a layer is %3 mm. The recorded points can be restored."), {name, range, limit}}
                   : Message{KINTSUGI_TEXT("The mesh %1 did not survive the restart and cannot be written back. Without it heights differ by up to %2 mm, a layer is %3 mm."), {name, range, limit}};
    return advice;
}

Result<std::string> withMeshProfile(const std::string& configuration, const MeshMatrix& mesh, const std::string& profile)
{
    if (!canBeWritten(mesh))
        return fail(Error{.code = ErrorCode::BadValue, .field = "bed_mesh.probed_matrix"});
    if (!isPlainName(profile))
        return fail(Error{.code = ErrorCode::BadValue, .field = "bed_mesh.profile_name"});
    const auto text = unixText(configuration);
    if (!text)
        return fail(text.error());
    auto parts = split(*text);
    if (!parts)
        return fail(parts.error());
    const std::string section = "bed_mesh " + profile;
    for (const std::string& line : linesOf(parts->regular)) {
        if (isSectionOf(line, section)) // it would win over the saved one
            return fail(bad("[" + section + "] stands outside the saved block"));
    }
    removeSection(parts->saved, section);
    while (!parts->saved.empty() && parts->saved.back().empty())
        parts->saved.pop_back();
    if (!parts->saved.empty())
        parts->saved.emplace_back();
    for (std::string& line : sectionLines(mesh, profile))
        parts->saved.push_back(std::move(line));
    std::string out = withoutEnd(std::move(parts->regular)) + "\n\n" + std::string(header);
    for (const std::string& line : parts->saved)
        out += withoutEnd(std::string(mark) + ' ' + line) + '\n';
    return *text == configuration ? out : withLineEnds(out);
}

std::string difference(const std::string& before, const std::string& after)
{
    constexpr std::size_t context = 3;
    const Lines a = linesOf(before), b = linesOf(after);
    const std::vector<Edit> edits = editsOf(a, b);
    std::string out;
    std::size_t lineA = 1, lineB = 1, shown = 0;
    for (std::size_t i = 0; i < edits.size();) {
        if (edits[i].kind == ' ') {
            ++i, ++lineA, ++lineB;
            continue;
        }
        const std::size_t back = std::min(context, i - shown);
        std::size_t end = i, quiet = 0;
        for (std::size_t j = i; j < edits.size() && quiet <= 2 * context; ++j) {
            quiet = edits[j].kind == ' ' ? quiet + 1 : 0;
            if (quiet == 0)
                end = j + 1;
        }
        end = std::min(edits.size(), end + context);
        std::string body;
        std::size_t countA = 0, countB = 0;
        for (std::size_t j = i - back; j < end; ++j) {
            body += edits[j].kind + *edits[j].line + '\n';
            countA += edits[j].kind != '+';
            countB += edits[j].kind != '-';
        }
        out += "@@ -" + std::to_string(lineA - back) + ',' + std::to_string(countA) + " +" + std::to_string(lineB - back) + ','
            + std::to_string(countB) + " @@\n" + body;
        lineA += countA - back;
        lineB += countB - back;
        i = shown = end;
    }
    return out;
}

} // namespace kintsugi::recovery
