// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QPointer>

#include "resumeflow.h"
#include "tablemodel.h"

namespace kintsugi::app {

/// The lines one can go on from, the recommended one first.
class CandidateModel final : public TableModel
{
    Q_OBJECT
public:
    enum Column { Kind, Feature, Layer, Z, Line, Byte, PrintedTwice, LeftOpen, Risks, ColumnCount }; ///< Layer 1-based, lengths in mm
    enum Role {
        RawRole = Qt::UserRole + 1,
        ByteRole,        ///< qulonglong
        RecommendedRole, ///< bool
        RisksRole,       ///< QStringList
    };
    explicit CandidateModel(QObject* parent = nullptr);
    void setCandidates(std::vector<recovery::ResumeCandidate> candidates);
    void follow(ResumeFlow* flow); ///< shows its candidates; nullptr = empty
    [[nodiscard]] int rowOfByte(ByteOffset byte) const; ///< -1 when absent

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<recovery::ResumeCandidate> m_candidates;
    QPointer<ResumeFlow> m_flow;
};

[[nodiscard]] QString kindText(recovery::ResumeCandidate::Kind kind);
[[nodiscard]] QString causeText(recovery::StopCause cause);

} // namespace kintsugi::app
