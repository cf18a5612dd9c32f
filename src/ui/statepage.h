// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "assistantpage.h"
#include "fieldmodel.h"

class QLineEdit;
class QTableView;

namespace kintsugi::ui {

/// The state the machine will be brought to beside what the printer reports now, each value with its origin. Values can be
/// changed with a reason; a guessed temperature takes one press.
class StatePage final : public AssistantPage
{
    Q_OBJECT
public:
    StatePage(app::ResumeFlow& flow, app::Session& session, QWidget* parent = nullptr);
    [[nodiscard]] bool isComplete() const override; ///< guessed temperatures wait for a person

private:
    void makeTop();
    void makeFields();
    void showFlow();
    void showNow();
    void showGuesses(const recovery::Snapshot& snapshot);
    void showConflicts(const recovery::Snapshot& snapshot);
    void showLost(const recovery::Snapshot& snapshot);
    void confirm(const QString& key, const QString& value);

    app::Session& m_session;
    app::FieldModel m_model;
    QTableView* m_table;
    QLineEdit* m_reason;
    QLabel* m_summary;
    QLabel* m_refused;
    QLabel* m_conflicts;
    QLabel* m_lost;
    QWidget* m_guesses;
    QStringList m_guessed; ///< key=value of what has a button now
};

} // namespace kintsugi::ui
