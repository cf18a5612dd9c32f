// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QAbstractTableModel>

#include "recovery/gate.h"

namespace kintsugi::app {

/// The checks before launch, as runGate() orders them.
class GateModel final : public QAbstractTableModel
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
    };
    explicit GateModel(QObject* parent = nullptr);
    void setChecks(std::vector<recovery::GateCheck> checks); ///< equal ids keep their rows
    [[nodiscard]] const std::vector<recovery::GateCheck>& checks() const { return m_checks; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

private:
    std::vector<recovery::GateCheck> m_checks;
};

} // namespace kintsugi::app
