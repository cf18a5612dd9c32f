// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/scanner.h"

#include <algorithm>
#include <cstring>

#include "gcode/text.h"

namespace kintsugi::gcode {

namespace {
constexpr std::string_view byteOrderMark = "\xEF\xBB\xBF";
} // namespace

Scanner::Scanner(ByteOffset start, std::uint64_t lineNumber)
    : m_lineBegin(start)
    , m_position(start)
    , m_number(lineNumber)
    , m_bomMatched(start == 0 ? 0 : byteOrderMark.size())
{
}

void Scanner::feed(std::span<const std::byte> bytes, const Sink& sink, const Taker& taker)
{
    std::string_view data(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    data = skipByteOrderMark(data);
    if (data.empty())
        return;
    if (m_pendingCr) {
        // Only now is it known whether the CR that ended the last piece stood alone.
        m_pendingCr = false;
        if (data.front() == '\n') {
            data.remove_prefix(1);
            ++m_position;
        }
        emitCarry(sink);
    }
    std::size_t at = 0;
    while (at < data.size()) {
        if (taker && m_carry.empty() && !m_truncated) {
            const Taken taken = taker(data.substr(at), at, m_position, m_number);
            at += taken.bytes;
            m_lineBegin = m_position += taken.bytes;
            m_number += taken.lines;
            if (at == data.size())
                break;
        }
        const std::size_t lineEnd = findLineEnd(data, at);
        if (lineEnd == data.size())
            break;
        std::size_t next = lineEnd + 1;
        if (data[lineEnd] == '\r') {
            if (next == data.size()) {
                carry(data.substr(at, lineEnd - at));
                m_position += next - at;
                m_pendingCr = true;
                return;
            }
            if (data[next] == '\n')
                ++next;
        }
        const std::string_view text = data.substr(at, lineEnd - at);
        m_position += next - at;
        at = next;
        if (m_carry.empty() && !m_truncated) {
            emitLine(text, m_position, sink);
        } else {
            carry(text);
            emitCarry(sink);
        }
    }
    carry(data.substr(at));
    m_position += data.size() - at;
}

void Scanner::finish(const Sink& sink)
{
    if (m_bomMatched < byteOrderMark.size()) {
        carry(byteOrderMark.substr(0, m_bomMatched));
        m_position += m_bomMatched;
        m_bomMatched = byteOrderMark.size();
    }
    if (m_pendingCr || m_position > m_lineBegin)
        emitCarry(sink);
    m_pendingCr = false;
}

std::string_view Scanner::skipByteOrderMark(std::string_view data)
{
    while (m_bomMatched < byteOrderMark.size() && !data.empty()) {
        if (data.front() != byteOrderMark[m_bomMatched]) {
            carry(byteOrderMark.substr(0, m_bomMatched));
            m_position += m_bomMatched;
            m_bomMatched = byteOrderMark.size();
            break;
        }
        data.remove_prefix(1);
        if (++m_bomMatched == byteOrderMark.size())
            m_lineBegin = m_position = byteOrderMark.size();
    }
    return data;
}

void Scanner::carry(std::string_view text)
{
    const std::size_t room = maxText - m_carry.size();
    m_truncated = m_truncated || text.size() > room;
    m_carry.append(text.substr(0, room));
}

void Scanner::emitCarry(const Sink& sink)
{
    emitLine(m_carry, m_position, sink);
    m_carry.clear();
}

void Scanner::emitLine(std::string_view text, ByteOffset end, const Sink& sink)
{
    const bool cut = m_truncated || text.size() > maxText;
    m_truncated = false;
    const Line line{.begin = m_lineBegin, .end = end, .number = m_number, .text = text.substr(0, maxText), .truncated = cut};
    m_lineBegin = end;
    ++m_number;
    sink(line);
}

} // namespace kintsugi::gcode
