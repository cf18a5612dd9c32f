// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "resumeflow.h"

class QCheckBox;
class QLabel;
class QPushButton;

namespace kintsugi::ui {

/// Three ways to stop a run, gentlest first, and what each one leaves behind.
class StopPanel final : public QWidget
{
    Q_OBJECT
public:
    explicit StopPanel(app::ResumeFlow& flow, QWidget* parent = nullptr);

private:
    void showFlow();
    void pause();

    app::ResumeFlow& m_flow;
    QPushButton* m_pause;
    QPushButton* m_lift;
    QPushButton* m_emergency;
    QCheckBox* m_keepBed;
    QCheckBox* m_keepNozzle;
    QLabel* m_pauseMeans;
    QLabel* m_liftMeans;
};

} // namespace kintsugi::ui
