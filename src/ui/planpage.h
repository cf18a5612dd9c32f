// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"
#include "planmodel.h"

class QCheckBox;
class QComboBox;
class QPlainTextEdit;
class QPushButton;
class QTableView;
class QTabWidget;

namespace kintsugi::ui {

class OwnLinesPanel;
class PartPanel;
class ProofExport;

/// The plan: steps with reasons, the full text, and what differs from the original file.
class PlanPage final : public AssistantPage
{
    Q_OBJECT
public:
    PlanPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent = nullptr);
    void entered() override;
    [[nodiscard]] bool isComplete() const override;

signals:
    void dryRunWanted();

private:
    void makeTabs();
    void makeWay();
    void showFlow();
    void showPlugin();
    void showLeftOut();
    void save();
    [[nodiscard]] QString differenceText() const;

    app::Session& m_session;
    app::PlanModel m_model;
    QLabel* m_summary;
    QTabWidget* m_tabs;
    PartPanel* m_part;
    QTableView* m_steps;
    QPlainTextEdit* m_text;
    QPlainTextEdit* m_difference;
    OwnLinesPanel* m_own;
    QLabel* m_unchecked;
    QCheckBox* m_plugin;
    QComboBox* m_way;
    QPushButton* m_save;
    QPushButton* m_saveProof;
    ProofExport* m_export;
    QLabel* m_savedAs;
    QPushButton* m_dry;
};

} // namespace kintsugi::ui
