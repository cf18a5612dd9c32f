// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>

#include "base/result.h"

class QLabel;
class QPushButton;
class QToolButton;

namespace kintsugi::ui {

/// Says in place what happened and what to do. Plain text only: words may come from outside.
class MessageBar final : public QFrame
{
    Q_OBJECT
public:
    enum class Kind { Note, Warning, Error };
    explicit MessageBar(QWidget* parent = nullptr);

    void say(Kind kind, const QString& what, const QString& whatToDo = {});
    void sayError(const Error& error);
    void offer(const QString& action); ///< one button; empty = none
    [[nodiscard]] QString text() const;

signals:
    void actionPressed();
    void dismissed();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Kind m_kind = Kind::Note;
    QLabel* m_sign;
    QLabel* m_text;
    QPushButton* m_action;
    QToolButton* m_close;
};

} // namespace kintsugi::ui
