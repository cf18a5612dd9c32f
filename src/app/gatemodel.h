// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <vector>

#include "recovery/gate.h"
#include "tablemodel.h"

namespace kintsugi::app {

/// The checks before launch, as runGate() orders them.
class GateModel final : public TableModel
{
    Q_OBJECT
public:
    enum Column { Result, Check, Measured, Limit, ColumnCount }; ///< Check: the sentence
    enum Role {
        RawRole = Qt::UserRole + 1,
        IdRole,       ///< QString, stable id
        SeverityRole, ///< int, recovery::Severity
        PassedRole,   ///< bool
        ShapeRole,    ///< QString: "passed", "info", "warn", "block"
        RemedyRole,   ///< QString, text to paste into the printer's configuration; empty when none helps
    };
    explicit GateModel(QObject* parent = nullptr);
    void setChecks(std::vector<recovery::GateCheck> checks); ///< equal ids keep their rows

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    struct Row { recovery::GateCheck check; int nth = 0; };
    std::vector<Row> m_rows;
};

} // namespace kintsugi::app
