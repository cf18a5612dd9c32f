// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "gcode/scanner.h"
#include "recovery/dialectwriter.h"
#include "recovery/plan.h"
#include "recovery/plangcode.h"
#include "recovery/resumewriter.h"

namespace kintsugi::recovery {

namespace {

constexpr std::string_view firstLine = "; Kintsugi resume file";
constexpr ByteOffset headLimit = std::size_t{64} << 20;

/// Bytes of the UTF-8 character that the text begins with; 0 where it is none (RFC 3629).
std::size_t characterLength(std::string_view text)
{
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const unsigned first = at(0);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;
    for (std::size_t i = 1; i < length; ++i) {
        if (at(i) < 0x80 || at(i) > 0xBF)
            return 0;
    }
    const bool tooLong = (first == 0xE0 && at(1) < 0xA0) || (first == 0xF0 && at(1) < 0x90);
    const bool noCharacter = (first == 0xED && at(1) > 0x9F) || (first == 0xF4 && at(1) > 0x8F);
    return tooLong || noCharacter ? 0 : length;
}

/// Text from outside inside a comment: no control character may end the line early, and readers of the file that insist on
/// UTF-8 must be able to read it.
std::string commentText(std::string_view text)
{
    std::string out;
    while (!text.empty()) {
        const std::size_t length = characterLength(text);
        const auto first = static_cast<unsigned char>(text.front());
        if (length == 0)
            out += "\\x" + std::string{"0123456789abcdef"[first >> 4], "0123456789abcdef"[first & 15]};
        else if (first < 0x20 || first == 0x7F)
            out += '?';
        else
            out += text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

/// Firmware on a serial line has little room for a line, even for one it skips, and knows ASCII alone.
std::string commentLine(const std::string& text, gcode::Dialect dialect)
{
    constexpr std::size_t longest = 90;
    std::string line = commentText(text);
    if (dialect == gcode::Dialect::Klipper)
        return line + '\n';
    for (std::size_t degree = line.find("°"); degree != std::string::npos; degree = line.find("°"))
        line.erase(degree, std::string_view("°").size());
    std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c >= 0x80; }, '?');
    if (line.size() > longest)
        line = line.substr(0, longest - 3) + "...";
    return line + '\n';
}

/// Marlin ends the name at a blank, a checksum at '*'; the whole line must not be cut.
bool isCardName(const std::string& name)
{
    constexpr std::size_t longest = 72;
    return !name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return c > 0x20 && c < 0x7F && std::string_view(";*\"'#?!\\<>|:").find(static_cast<char>(c)) == std::string_view::npos;
    });
}

std::string hex(std::uint64_t value)
{
    std::array<char, 16> digits{};
    const auto [end, ec] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
    const std::string text(digits.data(), end);
    return std::string(16 - text.size(), '0') + text;
}

std::optional<ByteOffset> wholeNumber(std::string_view text)
{
    ByteOffset value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    return value;
}

std::string printedText(const gcode::Extents& printed)
{
    return std::string(write::printedComment) + decimal(printed.minX) + ' ' + decimal(printed.minY) + ' ' + decimal(printed.minZ) + ' '
        + decimal(printed.maxX) + ' ' + decimal(printed.maxY) + ' ' + decimal(printed.maxZ) + '\n';
}

gcode::Extents printedFrom(std::string_view text)
{
    std::array<double, 6> numbers{};
    const char* at = text.data();
    const char* const end = at + text.size();
    for (double& number : numbers) {
        while (at != end && *at == ' ')
            ++at;
        const auto [next, ec] = std::from_chars(at, end, number);
        if (ec != std::errc())
            return {};
        at = next;
    }
    return {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], true};
}

std::optional<double> numberFrom(std::string_view text)
{
    double value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc() && end == text.data() + text.size() && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// Length of a stem without the ".resume-L<n>-B<n>" of an earlier resume file.
std::size_t lengthWithoutResumeSuffix(std::string_view stem)
{
    constexpr std::string_view suffix = ".resume-L";
    const std::size_t begin = stem.rfind(suffix);
    if (begin == std::string_view::npos)
        return stem.size();
    const std::string_view numbers = stem.substr(begin + suffix.size());
    const std::size_t middle = numbers.find("-B");
    const bool ours = middle != std::string_view::npos && wholeNumber(numbers.substr(0, middle)) && wholeNumber(numbers.substr(middle + 2));
    return ours ? begin : stem.size();
}

/// Is one of them, in any case, the end of the name? Then it goes.
bool dropExtension(std::string& name, std::initializer_list<std::string_view> extensions)
{
    for (const std::string_view extension : extensions) {
        if (name.size() <= extension.size())
            continue;
        const std::size_t begin = name.size() - extension.size();
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
        if (std::ranges::equal(std::string_view(name).substr(begin), extension, {}, lower)) {
            name.resize(begin);
            return true;
        }
    }
    return false;
}

/// Reads the head line by line up to the marker.
class HeadReader
{
public:
    void line(const gcode::Line& line)
    {
        const std::string_view text = line.text;
        if (m_done)
            return;
        if (line.number == 1 && text != firstLine) {
            m_done = true;
        } else if (text.starts_with(write::rootComment)) {
            m_root = wholeNumber(text.substr(write::rootComment.size()));
        } else if (text.starts_with(write::printedComment)) {
            m_printed = printedFrom(text.substr(write::printedComment.size()));
        } else if (text.starts_with(write::declaredComment)) {
            m_declared = numberFrom(text.substr(write::declaredComment.size()));
        } else if (text.starts_with(write::shiftedComment)) {
            m_shifted = true;
        } else if (text.starts_with(write::pointComment)) {
            m_done = true;
            if (const auto byte = wholeNumber(text.substr(write::pointComment.size())))
                m_point = ResumePoint{m_root.value_or(*byte), line.end, m_printed, m_shifted, m_declared};
        }
    }
    [[nodiscard]] bool done() const { return m_done; }
    [[nodiscard]] const std::optional<ResumePoint>& point() const { return m_point; }

private:
    bool m_done = false;
    std::optional<ByteOffset> m_root;
    gcode::Extents m_printed;
    bool m_shifted = false;
    std::optional<double> m_declared;
    std::optional<ResumePoint> m_point;
};

} // namespace

std::string preambleText(const Plan& plan)
{
    std::string text;
    for (const PlanStep& step : plan.steps) {
        text += commentLine("; step " + std::to_string(step.n) + ": " + english(step.reason), plan.dialect);
        for (const std::string& line : step.gcode)
            text += line + '\n';
    }
    return text;
}

std::size_t stepsByHand(const Plan& plan)
{
    std::size_t count = plan.steps.size();
    while (count > 0 && plan.steps[count - 1].hand == Hand::None)
        --count;
    return count;
}

Plan filePart(const Plan& plan)
{
    const std::size_t sent = stepsByHand(plan);
    if (sent == 0)
        return plan;
    Plan rest = plan;
    rest.steps.erase(rest.steps.begin(), rest.steps.begin() + static_cast<std::ptrdiff_t>(sent));
    PlanStep modes{plan.steps[sent - 1].n, StepKind::Note, {"G90", "M83"}, {KINTSUGI_TEXT("Known modes"), {}},
                   {KINTSUGI_TEXT("the steps before this one were sent by the program; the modes once more"), {}}, Origin::Replayed, "printer profile"};
    rest.steps.insert(rest.steps.begin(), std::move(modes));
    return rest;
}

Result<std::vector<std::string>> declareLines(const Plan& plan, const PrinterFacts& printer, double z)
{
    if (!std::isfinite(z))
        return fail(Error{.code = ErrorCode::BadValue, .detail = "not a height", .field = "z"});
    return write::writerFor(plan.dialect, plan.snapshot.state, printer, true, {})->declareZ(z);
}

std::optional<std::string> whyNoZeroCopy(const Plan& plan)
{
    switch (plan.dialect) {
    case gcode::Dialect::Klipper:
        return std::nullopt;
    case gcode::Dialect::RepRapFirmware:
        return "RepRapFirmware keeps the modes of its own files apart from those of a connection: write a resume file";
    case gcode::Dialect::Marlin:
    case gcode::Dialect::Prusa:
    case gcode::Dialect::Marlin1:
        break;
    }
    if (plan.snapshot.byte > std::numeric_limits<std::uint32_t>::max())
        return "this firmware counts no further than 4 GiB in a file: write a resume file";
    if (!plan.snapshot.state.excluded.empty())
        return "this firmware forgets excluded objects when it starts a file: write a resume file";
    return std::nullopt;
}

Result<std::vector<std::string>> zeroCopyStart(const Plan& plan, const std::string& name)
{
    const auto refuse = [&name](ErrorCode code, const char* field, std::string why) {
        Error error{.code = code, .detail = std::move(why), .file = name};
        error.field = field;
        return fail(std::move(error));
    };
    if (auto why = whyNoZeroCopy(plan))
        return refuse(ErrorCode::NotSupported, "way", std::move(*why));
    const std::string offset = "M26 S" + std::to_string(plan.snapshot.byte);
    if (plan.dialect != gcode::Dialect::Klipper) {
        if (!isCardName(name))
            return refuse(ErrorCode::Unsafe, "file", "a name of this kind cannot be sent to the printer: rename the file");
        return std::vector<std::string>{"M23 " + name, offset, "M24"};
    }
    // M23 takes the rest of the line without the blanks around it, knows only the root folder and no quotes.
    const bool simple = !name.empty() && name.front() != ' ' && name.back() != ' ' && std::all_of(name.begin(), name.end(), [](unsigned char c) {
        return c >= 0x20 && c != 0x7F && c != '/' && c != ';' && c != '*' && c != '"' && c != '\'' && c != '#';
    });
    std::vector<std::string> lines;
    if (simple) {
        lines.push_back("M23 " + name);
    } else {
        const auto quoted = write::parameter(name);
        if (!quoted)
            return refuse(ErrorCode::Unsafe, "file", "no quoting makes this name safe");
        const bool bare = quoted->front() != '"' && quoted->front() != '\'';
        lines.push_back("SDCARD_PRINT_FILE FILENAME=" + (bare ? '"' + *quoted + '"' : *quoted));
        lines.emplace_back("M25");
    }
    lines.push_back(offset);
    for (const PlanStep& step : plan.steps) {
        if (step.kind == StepKind::Objects)
            lines.insert(lines.end(), step.gcode.begin(), step.gcode.end());
    }
    lines.emplace_back("M24");
    return lines;
}

std::string resumePointLine(ByteOffset byte)
{
    return std::string(write::pointComment) + std::to_string(byte);
}

std::string resumeFileName(const std::string& originalName, std::size_t layer, ByteOffset byte)
{
    const std::size_t slash = originalName.rfind('/');
    const std::string folder = slash == std::string::npos ? std::string() : originalName.substr(0, slash + 1);
    std::string stem = originalName.substr(folder.size());
    const bool binary = dropExtension(stem, {".bgcode", ".bgc"});
    if (!binary) {
        dropExtension(stem, {".gz"});
        if (const std::size_t dot = stem.rfind('.'); dot != std::string::npos && dot > 0)
            stem.resize(dot);
    }
    stem.resize(lengthWithoutResumeSuffix(stem));
    return folder + stem + ".resume-L" + std::to_string(layer) + "-B" + std::to_string(byte) + (binary ? ".bgcode" : ".gcode");
}

Result<std::optional<ResumePoint>> readResumePoint(const gcode::Source& source)
{
    std::vector<std::byte> buffer(std::size_t{64} << 10);
    gcode::Scanner scanner;
    HeadReader head;
    const auto sink = [&head](const gcode::Line& line) { head.line(line); };
    ByteOffset at = 0;
    while (!head.done() && at < headLimit) {
        const auto count = source.read(at, buffer);
        if (!count)
            return fail(count.error());
        if (*count == 0) {
            scanner.finish(sink);
            break;
        }
        at += *count;
        scanner.feed(std::span(buffer).first(*count), sink);
    }
    return head.point();
}

Result<std::string> resumeHeader(const gcode::Source& source, const gcode::FileIndex& index, const Plan& plan)
{
    const auto nested = readResumePoint(source);
    if (!nested)
        return fail(nested.error());
    const Snapshot& snapshot = plan.snapshot;
    std::string text = std::string(firstLine) + '\n';
    text += commentLine("; continues: " + snapshot.file.name, plan.dialect);
    text += "; size: " + std::to_string(index.size) + " bytes, xxh3: " + hex(index.xxh3) + '\n';
    text += "; from byte: " + std::to_string(snapshot.byte) + '\n';
    if (snapshot.layer)
        text += "; layer index: " + std::to_string(*snapshot.layer) + '\n';
    text += "; state from: " + std::string(name(snapshot.source)) + ", Z method: " + std::string(name(plan.zMethod)) + '\n';
    if (*nested) {
        if (snapshot.byte < (*nested)->tailBegin)
            return fail(ErrorCode::BeforeFirstExtrusion, "inside the preamble of a resume file", source.name());
        text += std::string(write::rootComment) + std::to_string(snapshot.byte - (*nested)->tailBegin + (*nested)->original) + '\n';
    }
    if (plan.printed.valid)
        text += printedText(plan.printed);
    if (plan.declares)
        text += std::string(write::declaredComment) + decimal(*plan.declares, 6) + '\n';
    if (plan.shifted) {
        text += write::shiftedComment;
        for (const gcode::Nanometres shift : snapshot.state.shift)
            text += write::exact(shift) + ' ';
        text.back() = '\n';
    }
    return text;
}

} // namespace kintsugi::recovery
