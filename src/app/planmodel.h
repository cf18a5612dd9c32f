// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QPointer>

#include "recovery/plan.h"
#include "resumeflow.h"
#include "tablemodel.h"

namespace kintsugi::app {

/// The steps of a plan and, while it runs, their lights.
class PlanModel final : public TableModel
{
    Q_OBJECT
public:
    enum Column { Number, Title, Gcode, Reason, OriginColumn, ColumnCount };
    enum Light { Waiting, Active, Done, Failed };
    enum Role {
        RawRole = Qt::UserRole + 1,
        LightRole,    ///< int, Light
        OriginRole,   ///< int, recovery::Origin
        KindRole,     ///< int, recovery::StepKind
        GcodeRole,    ///< QString, all lines
    };
    explicit PlanModel(QObject* parent = nullptr);
    void setPlan(const std::optional<recovery::Plan>& plan);
    void setRunState(const recovery::run::State& state, int currentStep); ///< moves the lights
    /// Shows the flow's plan and run; nullptr lets go.
    void follow(ResumeFlow* flow);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    [[nodiscard]] Light light(int row) const;

    std::vector<recovery::PlanStep> m_steps;
    recovery::run::State m_state;
    int m_currentStep = -1;
    QPointer<ResumeFlow> m_flow;
};

} // namespace kintsugi::app
