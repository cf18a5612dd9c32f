// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <map>
#include <string>
#include <vector>

#include <QWidget>

#include "resumeflow.h"

class QLabel;
class QPlainTextEdit;
class QPushButton;

namespace kintsugi::ui {

/// The person's own lines at the four places of a plan, with what is wrong shown at the line.
class OwnLinesPanel final : public QWidget
{
    Q_OBJECT
public:
    explicit OwnLinesPanel(app::ResumeFlow& flow, QWidget* parent = nullptr);
    [[nodiscard]] bool isRefused() const { return m_isRefused; } ///< the last plan failed because of a line in here

private:
    struct Editor {
        std::string place;
        QPlainTextEdit* text;
        QLabel* note;
    };
    QWidget* makeEditor(std::size_t which, const QString& name, const QString& rule);
    void showFlow();
    void showRefused(Editor& editor, const QString& line);
    void showUnsimulated(Editor& editor);
    void use();
    void fillIn();

    app::ResumeFlow& m_flow;
    std::array<Editor, 4> m_editors{};
    QPushButton* m_suggest;
    bool m_isRefused = false;
};

} // namespace kintsugi::ui
