// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "resumeflow.h"

class QLabel;
class QVBoxLayout;

namespace kintsugi::ui {

/// One page of the resume assistant: a heading, one sentence that says what it is for, and what it shows of the flow.
class AssistantPage : public QWidget
{
    Q_OBJECT
public:
    AssistantPage(app::ResumeFlow& flow, const QString& title, const QString& heading, QWidget* parent);
    [[nodiscard]] QString title() const { return m_title; } ///< in the list of pages
    virtual void entered() {}
    [[nodiscard]] virtual bool isComplete() const { return true; } ///< the next page may be shown

signals:
    void completeChanged();
    void failed(const kintsugi::Error& error);

protected:
    [[nodiscard]] app::ResumeFlow& flow() { return m_flow; }
    [[nodiscard]] const app::ResumeFlow& flow() const { return m_flow; }
    [[nodiscard]] QVBoxLayout* body() { return m_body; }
    void setHeading(const QString& heading);
    QLabel* addSentence(const QString& text = {}); ///< dim, wraps, plain
    QLabel* addSubheading(const QString& text);

private:
    app::ResumeFlow& m_flow;
    QString m_title;
    QLabel* m_heading;
    QVBoxLayout* m_body;
};

} // namespace kintsugi::ui
