// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <vector>

#include <QWidget>

#include "resumeflow.h"

class QCheckBox;
class QDoubleSpinBox;
class QLabel;
class QPushButton;

namespace kintsugi::ui {

/// What a person adds to a run without changing a file: before it a gentler first layer and a look at homing, while it
/// prints a nudge of X and Y.
class GentlePanel final : public QWidget
{
    Q_OBJECT
public:
    explicit GentlePanel(app::ResumeFlow& flow, QWidget* parent = nullptr);

private:
    void makeBefore();
    void makeNudge();
    void showFlow();
    void say();

    app::ResumeFlow& m_flow;
    QWidget* m_before;
    QWidget* m_nudge;
    QLabel* m_layer;
    QCheckBox* m_gentle = nullptr;
    QCheckBox* m_thrice = nullptr;
    QDoubleSpinBox* m_speed = nullptr;
    QDoubleSpinBox* m_fan = nullptr;
    QDoubleSpinBox* m_acceleration = nullptr;
    QDoubleSpinBox* m_step = nullptr;
    QLabel* m_nudged = nullptr;
    std::vector<QPushButton*> m_arrows;
};

} // namespace kintsugi::ui
