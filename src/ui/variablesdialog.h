// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QDialog>

#include "session.h"

class QPushButton;

namespace kintsugi::ui {

namespace Ui {
class VariablesDialog;
}

/// Torn variables.cfg against the last good copy, and one press that puts the copy back.
class VariablesDialog final : public QDialog
{
    Q_OBJECT
public:
    VariablesDialog(app::Session& session, app::VariablesCopy lastGood, const QByteArray& torn, QWidget* parent = nullptr);
    ~VariablesDialog() override;

signals:
    void restored();

private:
    void restore();

    app::Session& m_session;
    app::VariablesCopy m_lastGood;
    std::unique_ptr<Ui::VariablesDialog> m_ui;
    QPushButton* m_restore;
};

/// Lines of both texts in order, "− " before those only in `before`, "+ " before those only in `after`.
[[nodiscard]] QString lineDifference(const QString& before, const QString& after);

} // namespace kintsugi::ui
