// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "resumeflow.h"

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace kintsugi::ui {

/// The bed mesh of the print: what became of it, and its way back with the difference shown before the press.
class MeshPanel final : public QWidget
{
    Q_OBJECT
public:
    explicit MeshPanel(app::ResumeFlow& flow, QWidget* parent = nullptr);

private:
    void showFlow();
    [[nodiscard]] QString stageText() const;

    app::ResumeFlow& m_flow;
    QLabel* m_advice;
    QLabel* m_stage;
    QPlainTextEdit* m_difference;
    QPushButton* m_propose;
    QPushButton* m_restore;
    QPushButton* m_undo;
};

} // namespace kintsugi::ui
