// SPDX-License-Identifier: GPL-3.0-or-later
#include "planmodel.h"

#include "errortext.h"
#include "snapshotmodel.h"

namespace kintsugi::app {

namespace run = recovery::run;

namespace {

QString gcodeText(const recovery::PlanStep& step)
{
    QStringList lines;
    for (const std::string& line : step.gcode)
        lines << QString::fromStdString(line);
    return lines.join(QLatin1Char('\n'));
}

} // namespace

PlanModel::PlanModel(QObject* parent) : TableModel(parent) {}

void PlanModel::setPlan(const std::optional<recovery::Plan>& plan)
{
    sync(m_steps, plan ? plan->steps : std::vector<recovery::PlanStep>(), [](const recovery::PlanStep& step) { return step.n; });
}

void PlanModel::setRunState(const run::State& state, int currentStep)
{
    m_state = state;
    m_currentStep = currentStep;
    if (!m_steps.empty())
        emit dataChanged(index(0, 0), index(rowCount() - 1, ColumnCount - 1), {LightRole});
}

void PlanModel::follow(ResumeFlow* flow)
{
    if (m_flow)
        m_flow->disconnect(this);
    m_flow = flow;
    if (!flow)
        return;
    connect(flow, &ResumeFlow::planned, this, [this] { setPlan(m_flow->plan()); });
    connect(flow, &ResumeFlow::runStateChanged, this, [this] { setRunState(m_flow->runState(), m_flow->currentStep()); });
    setPlan(flow->plan());
    setRunState(flow->runState(), flow->currentStep());
}

PlanModel::Light PlanModel::light(int row) const
{
    if (const auto* stopped = std::get_if<run::Stopped>(&m_state))
        return row <= static_cast<int>(stopped->step) ? Done : Waiting;
    const bool failed = std::holds_alternative<run::Failed>(m_state);
    const bool under = failed || std::holds_alternative<run::Running>(m_state) || std::holds_alternative<run::Starting>(m_state)
        || std::holds_alternative<run::Printing>(m_state) || std::holds_alternative<run::Done>(m_state);
    if (!under || row > m_currentStep)
        return Waiting;
    if (row < m_currentStep)
        return Done;
    return failed ? Failed : Active;
}

int PlanModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_steps.size());
}

int PlanModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant PlanModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const recovery::PlanStep& step = m_steps[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
    case RawRole:
        switch (index.column()) {
        case Number: return step.n;
        case Title: return text(step.title);
        case Gcode: return gcodeText(step);
        case Reason: return text(step.reason);
        default:
            return step.numbersFrom.empty()
                ? originText(step.origin)
                : tr("%1 (%2)").arg(originText(step.origin), QString::fromStdString(step.numbersFrom));
        }
    case LightRole:
        return static_cast<int>(light(index.row()));
    case OriginRole:
        return static_cast<int>(step.origin);
    case KindRole:
        return static_cast<int>(step.kind);
    case GcodeRole:
        return gcodeText(step);
    default:
        return {};
    }
}

QVariant PlanModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Number: return tr("Step");
    case Title: return tr("What");
    case Gcode: return tr("G-code");
    case Reason: return tr("Why");
    case OriginColumn: return tr("Numbers from");
    default: return {};
    }
}

} // namespace kintsugi::app
