// SPDX-License-Identifier: GPL-3.0-or-later
// Any file, point, dialect and own lines: a plan or an error with words, never a step that homes Z, shifts a line or
// leaves the travel limits.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "gcode/command.h"
#include "recovery/gate.h"
#include "recovery/plan.h"

using namespace kintsugi;
using namespace kintsugi::gcode;
using namespace kintsugi::recovery;

namespace {

void require(bool condition)
{
    if (!condition)
        std::abort();
}

/// Takes bytes from the front of the input; zero when there are none left.
class Bytes
{
public:
    Bytes(const std::uint8_t* data, std::size_t size) : m_data(data), m_size(size) {}
    std::uint8_t next()
    {
        if (m_size == 0)
            return 0;
        --m_size;
        return *m_data++;
    }
    std::string text(std::size_t length)
    {
        length = std::min(length, m_size);
        std::string text(reinterpret_cast<const char*>(m_data), length);
        m_data += length;
        m_size -= length;
        return text;
    }
    std::string rest() { return text(m_size); }

private:
    const std::uint8_t* m_data;
    std::size_t m_size;
};

void checkLine(const std::string& line)
{
    require(line.find_first_of(std::string_view("\n\r\0", 3)) == std::string::npos);
    const Command command = parseCommand(line);
    if (command.is('G', 28))
        require((command.has('X') || command.has('Y')) && !command.has('Z'));
    require(!command.is('G', 29) || command.rest.find("S1") != std::string_view::npos);
    require(!command.is('G', 30) && !command.is('G', 32) && !command.is('G', 34));
    require(command.name != "PLR_RESUME_PRINT");
}

void checkMoves(const Plan& plan, const PrinterFacts& facts)
{
    MachineState state;
    for (const PlanStep& step : plan.steps) {
        for (const std::string& line : step.gcode) {
            checkLine(line);
            apply(state, parseCommand(line), plan.dialect);
            if (step.kind != StepKind::Approach)
                continue;
            for (std::size_t axis = 0; axis < 2; ++axis)
                if (facts.maximum[axis] && state.position[axis] && state.setBy[axis] == SetBy::Move)
                    require(std::abs(toMillimetres(*state.position[axis])) <= 4 * (std::abs(*facts.maximum[axis]) + 1));
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    Bytes bytes(data, size);
    const auto dialect = static_cast<Dialect>(bytes.next() % 5);
    constexpr std::array methods{ZMethod::Keep, ZMethod::Touch, ZMethod::PlrZHome, ZMethod::FirmwareLift, ZMethod::TopEndstop};
    PlanOptions options;
    options.zMethod = methods[bytes.next() % methods.size()];
    if (const auto z = bytes.next(); z != 0)
        options.declaredZ = z;
    options.contact = static_cast<NozzleContact>(bytes.next() % 3);
    const double place = bytes.next() / 255.0;
    static const std::array<const char*, 5> places{"before-heat", "after-lift", "after-registration", "before-first-plastic", "nowhere"};
    const std::string own = bytes.text(bytes.next() % 48);
    if (!own.empty())
        options.ownLines[places[bytes.next() % places.size()]] = {own};
    const MemorySource source(bytes.rest());
    const auto index = buildIndex(source, dialect);
    if (!index)
        return 0;
    const auto snapshot = snapshotFromFile(source, *index, static_cast<ByteOffset>(place * static_cast<double>(index->size)));
    if (!snapshot)
        return 0;
    PrinterFacts facts;
    if (index->size % 2 == 0) { // else nobody knows the travel
        facts.minimum = {0, 0, 0};
        facts.maximum = {235, 235, 250};
    }
    const auto plan = planResume(source, *index, *snapshot, facts, options);
    if (!plan)
        return 0;
    checkMoves(*plan, facts);
    require(!runGate(*plan, *index, snapshot->file, {}).empty());
    return 0;
}
