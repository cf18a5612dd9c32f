// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include <QString>
#include <QStringList>

#include "deposit.h"
#include "gcode/toolpath.h"
#include "recovery/plan.h"

namespace kintsugi::test {

/// What truly lies on the bed against what the file wanted, in mm of path.
struct Outcome {
    double twice = 0, open = 0, wanted = 0;
    double worstHeight = 0; ///< mm, farthest a bead of the second run lies from its line's height
};

/// Compares the simulated printer's own record of plastic with the file it was to print.
class PrintedPart
{
public:
    /// name: of the file below gcodes; point: of the resume file, when there is one; firstRun: beads laid before the stop
    PrintedPart(const gcode::Source& source, const gcode::FileIndex& index, QString name,
                const std::optional<recovery::ResumePoint>& point, const sim::Deposit& deposit, std::size_t firstRun)
        : m_name(std::move(name)), m_point(point)
    {
        const auto path = gcode::readToolpath(source, index, 0, index.size);
        for (const gcode::Segment& segment : path->segments) {
            if (!segment.extrudes())
                continue;
            m_wanted[segment.begin] += std::hypot(segment.x1 - segment.x0, segment.y1 - segment.y0, segment.z1 - segment.z0);
            m_height[segment.begin] = segment.z1;
        }
        for (std::size_t i = 0; i < deposit.beads.size(); ++i)
            lay(deposit.beads[i], deposit, i < firstRun);
    }
    [[nodiscard]] Outcome outcome() const
    {
        Outcome sum;
        sum.worstHeight = m_worstHeight;
        for (const auto& [byte, wanted] : m_wanted) {
            const auto laid = m_laid.find(byte);
            const double difference = (laid == m_laid.end() ? 0.0 : laid->second) - wanted;
            sum.wanted += wanted;
            (difference > 0 ? sum.twice : sum.open) += std::abs(difference);
        }
        return sum;
    }

    /// Where they differ, for a failing test.
    [[nodiscard]] QString differences() const
    {
        QStringList lines;
        for (const auto& [byte, wanted] : m_wanted) {
            const auto laid = m_laid.find(byte);
            const double length = laid == m_laid.end() ? 0.0 : laid->second;
            if (std::abs(length - wanted) > 0.05)
                lines << QStringLiteral("byte %1: %2 of %3 mm").arg(byte).arg(length).arg(wanted);
        }
        return lines.join(QStringLiteral("; "));
    }

private:
    void lay(const sim::Bead& bead, const sim::Deposit& deposit, bool before)
    {
        if (bead.file < 0 || bead.begin == UINT64_MAX)
            return; // primed beside the part
        ByteOffset byte = bead.begin;
        const QString name = QString::fromStdString(deposit.files[static_cast<std::size_t>(bead.file)]);
        if (!name.endsWith(m_name)) {
            if (!m_point || byte < m_point->tailBegin)
                return;
            byte = byte - m_point->tailBegin + m_point->original;
        }
        m_laid[byte] += std::hypot(bead.x1 - bead.x0, bead.y1 - bead.y0, bead.z1 - bead.z0);
        if (!before && m_height.count(byte))
            m_worstHeight = std::max(m_worstHeight, std::abs(bead.z1 - m_height[byte]));
    }

    QString m_name;
    std::optional<recovery::ResumePoint> m_point;
    std::map<ByteOffset, double> m_wanted, m_laid, m_height;
    double m_worstHeight = 0;
};

} // namespace kintsugi::test
