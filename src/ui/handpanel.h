// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "resumeflow.h"

class QDoubleSpinBox;
class QLabel;
class QPushButton;

namespace kintsugi::ui {

/// What a person does while a resume runs: leads the nozzle down to the part, one press a step, and says whether plastic
/// came out, or sends the steps of a dry run one by one. Hidden while the run goes on by itself.
class HandPanel final : public QWidget
{
    Q_OBJECT
public:
    explicit HandPanel(app::ResumeFlow& flow, QWidget* parent = nullptr);

private:
    void makeTouch();
    void makePrime();
    void makePress();
    void makeHoming();
    void showPress();
    void showHoming();
    void showFlow();
    void showTouch();
    void showRegistration();
    void tellGap();

    app::ResumeFlow& m_flow;
    QLabel* m_heading;
    QLabel* m_what;
    QLabel* m_numbers;
    QWidget* m_touch;
    QWidget* m_found;
    QWidget* m_prime;
    QWidget* m_press;
    QWidget* m_homing;
    QDoubleSpinBox* m_gap = nullptr;
    QPushButton* m_tell = nullptr;
    QPushButton* m_down = nullptr;
    QPushButton* m_drags = nullptr;
    QPushButton* m_again = nullptr;
    QPushButton* m_accept = nullptr;
};

} // namespace kintsugi::ui
