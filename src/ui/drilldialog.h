// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QDialog>

#include "drillrun.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;
class QRadioButton;
class QStackedWidget;

namespace kintsugi::ui {

class LedgeView;
class VernierView;

/// A drill in three steps: print and stop, resume, read. It stays while the print runs; hiding it ends nothing.
class DrillDialog final : public QDialog
{
    Q_OBJECT
public:
    enum Step { Print, Resume, Read };
    explicit DrillDialog(app::Session& session, QWidget* parent = nullptr);
    ~DrillDialog() override;
    void showStep(Step step);

signals:
    void resumeWanted(kintsugi::recovery::ZMethod method);

private:
    QWidget* makePrint();
    QWidget* makeResume();
    QWidget* makeRead();
    QLayout* makeFooter();
    void addHeat(QFormLayout& form);
    QLabel* sentence(QWidget* page, const QString& text = {});
    [[nodiscard]] recovery::drill::Part part() const;
    [[nodiscard]] recovery::ZMethod method() const;
    void saveFile();
    void start();
    void showRun();
    void showProven();
    void showReading();
    void keepReading();
    void partsChanged();
    void say(const QString& words, bool refused);

    app::Session& m_session;
    std::unique_ptr<app::DrillRun> m_run;
    QLabel* m_heading;
    QLabel* m_proven;
    QStackedWidget* m_steps;
    QComboBox* m_method;
    QDoubleSpinBox* m_layerHeight;
    QDoubleSpinBox* m_nozzleHeat;
    QDoubleSpinBox* m_bedHeat;
    QLineEdit* m_material;
    QRadioButton* m_byProgram;
    QRadioButton* m_byPerson;
    QCheckBox* m_bedEmpty;
    QPushButton* m_start;
    QPushButton* m_save;
    QProgressBar* m_progress;
    QLabel* m_running;
    QPushButton* m_restart;
    QLabel* m_resumeHow;
    VernierView* m_front;
    VernierView* m_side;
    LedgeView* m_ledgeView;
    QDoubleSpinBox* m_xTooth;
    QDoubleSpinBox* m_yTooth;
    QDoubleSpinBox* m_ledge;
    QDoubleSpinBox* m_height;
    QLabel* m_seam;
    QPushButton* m_keep;
    QLabel* m_answer;
    QPushButton* m_back;
    QPushButton* m_next;
};

} // namespace kintsugi::ui
