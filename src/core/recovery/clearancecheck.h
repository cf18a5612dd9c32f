// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "recovery/clearance.h"

namespace kintsugi::recovery {

/// An outline of the head, ready to be swept.
struct HeadPart {
    Hull outline;
    Rectangle box;
    double bottom = 0;
    SolidKind kind = SolidKind::Nozzle;
    [[nodiscard]] bool isNozzle() const { return kind == SolidKind::Nozzle; }
};
[[nodiscard]] std::vector<HeadPart> partsOf(const HeadEnvelope& envelope, double cell);
[[nodiscard]] Rectangle grown(const Rectangle& area, const Rectangle& by);

/// What is printed, without margin, over all that the map knows and what it says may lie at an unknown place. Unsafe when that
/// place or its height has no bound.
[[nodiscard]] Result<HeightField> fieldOf(const HeightMap& map, const std::array<double, 3>& minimum, const std::array<double, 3>& maximum);

inline constexpr double heightNoise = 1e-3; ///< mm, heights are kept as floats
inline constexpr double pressNoise = 5e-3;  ///< mm

/// Runs motions against a field.
class ClearanceCheck
{
public:
    ClearanceCheck(ClearanceReport& report, const std::vector<HeadPart>& parts, const Plan& plan, const ClearanceOptions& options, double margin);

    void plan(const HeightField& field, const std::vector<Motion>& motions);
    /// The plan's last way down, against what the nozzle must not press into.
    void press(const HeightField& field, const HeightField& raw, const std::vector<Motion>& motions);

    [[nodiscard]] const std::optional<ClearanceHit>& collision() const { return m_collision; }
    [[nodiscard]] const std::optional<ClearanceHit>& tooLow() const { return m_tooLow; }
    [[nodiscard]] const std::optional<ClearanceHit>& pressed() const { return m_pressed; }
    [[nodiscard]] const std::optional<ClearanceHit>& outside() const { return m_outside; }

protected:
    struct Sweep {
        Hull hull;
        Rectangle box;
        double low = 0;
        std::array<double, 3> from{}, to{};
        int step = 0;
        std::uint64_t line = 0;
        ByteOffset byte = 0;
        const std::string* text = nullptr;
    };
    [[nodiscard]] static Sweep sweepOf(const Motion& motion);
    [[nodiscard]] ClearanceHit hitOf(const Sweep& sweep, const HeadPart& part, double clearance, double required, const HeightField::Peak& peak) const;
    void travel(const HeightField& field, const Sweep& sweep, bool towardsTheBed = false);
    void others(const HeightField& field, const Sweep& sweep, std::optional<ClearanceHit>* lowest);
    void nozzle(const HeightField& field, const HeightField& raw, const Sweep& sweep);
    void limits(const Sweep& sweep, double high, bool across);

    ClearanceReport& m_report;
    const std::vector<HeadPart>& m_parts;
    const Plan& m_plan;
    const ClearanceOptions& m_options;
    double m_margin;
    double m_mapAbove = 0; ///< the map counts a negative offset as if it were none
    std::optional<ClearanceHit> m_collision, m_tooLow, m_pressed, m_outside;
};

/// The file's own moves, many of them: groups that are clear as a whole are never looked at one by one.
class TailClearance : public ClearanceCheck
{
public:
    using ClearanceCheck::ClearanceCheck;
    enum class Pass { First, Press };

    void begin(Pass pass, const HeightField* field, const HeightField* raw);
    void add(const TailMove& move);
    void finish();

    [[nodiscard]] bool touches() const { return m_touches; } ///< the nozzle goes below something printed
    /// What moves that begin before `byte` print, as heights.
    [[nodiscard]] HeightField printedBefore(ByteOffset byte, const HeightField& like) const;
    [[nodiscard]] const std::optional<TailMove>& firstLine() const { return m_firstLine; }

private:
    struct Deposit { float x0, y0, x1, y1, z; ByteOffset byte; };
    void flush();
    void one(const TailMove& move);
    void part(const TailMove& move, double t0, double t1);
    void deposit(HeightField& field, const Deposit& line, double width) const;

    Pass m_pass = Pass::First;
    const HeightField* m_field = nullptr;
    const HeightField* m_raw = nullptr;
    HeightField m_grown;                 ///< with what the tail itself prints
    std::vector<TailMove> m_group;
    std::vector<Deposit> m_deposits;
    std::size_t m_applied = 0;
    double m_depositTop = 0, m_lowestOther = 0;
    bool m_touches = false;
    std::optional<TailMove> m_firstLine;
};

} // namespace kintsugi::recovery
