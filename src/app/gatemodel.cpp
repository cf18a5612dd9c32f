// SPDX-License-Identifier: GPL-3.0-or-later
#include "gatemodel.h"

#include "errortext.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;
using recovery::Severity;

namespace {

QString shape(const recovery::GateCheck& check)
{
    if (check.severity == Severity::Info)
        return u"info"_s;
    if (check.passed)
        return u"passed"_s;
    return check.severity == Severity::Block ? u"block"_s : u"warn"_s;
}

QString resultText(const recovery::GateCheck& check)
{
    if (check.severity == Severity::Info)
        return GateModel::tr("for information");
    if (check.passed)
        return GateModel::tr("passed");
    return check.severity == Severity::Block ? GateModel::tr("blocks") : GateModel::tr("warning");
}

/// A configuration's text comes from outside: it is shown, never read as markup.
QString withRemedy(const recovery::GateCheck& check)
{
    const QString whole = text(check.text) + u"\n\n"_s + GateModel::tr("To paste into the printer's configuration:") + u'\n'
                          + QString::fromStdString(check.remedy);
    return u"<p style=\"white-space:pre-wrap\">%1</p>"_s.arg(whole.toHtmlEscaped());
}

} // namespace

GateModel::GateModel(QObject* parent) : TableModel(parent) {}

void GateModel::setChecks(std::vector<recovery::GateCheck> checks)
{
    // An id may occur more than once (one line per axis, say): the place among its equals makes it unique.
    std::map<std::string, int> count;
    std::vector<Row> rows;
    for (recovery::GateCheck& check : checks) {
        const int nth = count[check.id]++;
        rows.push_back(Row{std::move(check), nth});
    }
    sync(m_rows, std::move(rows), [](const Row& row) { return std::pair(row.check.id, row.nth); });
}

int GateModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int GateModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant GateModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const recovery::GateCheck& check = m_rows[static_cast<std::size_t>(index.row())].check;
    switch (role) {
    case Qt::ToolTipRole:
        if (index.column() == Check && !check.remedy.empty())
            return withRemedy(check);
        [[fallthrough]];
    case Qt::DisplayRole:
    case RawRole:
        switch (index.column()) {
        case Result: return role == RawRole ? QVariant(static_cast<int>(check.severity)) : QVariant(resultText(check));
        case Check: return text(check.text);
        case Measured: return QString::fromStdString(check.measured);
        default: return QString::fromStdString(check.limit);
        }
    case IdRole:
        return QString::fromStdString(check.id);
    case SeverityRole:
        return static_cast<int>(check.severity);
    case PassedRole:
        return check.passed;
    case ShapeRole:
        return shape(check);
    case RemedyRole:
        return QString::fromStdString(check.remedy);
    default:
        return {};
    }
}

QVariant GateModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Result: return tr("Result");
    case Check: return tr("Check");
    case Measured: return tr("Measured");
    case Limit: return tr("Limit");
    default: return {};
    }
}

} // namespace kintsugi::app
