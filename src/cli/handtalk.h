// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QObject>
#include <QSocketNotifier>

#include "output.h"
#include "resumeflow.h"

namespace kintsugi::cli {

/// A person's part of a resume over standard input, one answer a line: `d` down, `g MM` a gap of at least MM is seen, `t` the
/// paper drags, `u` up and once more, `a` take the height, `y`/`n` plastic came out or not, `y` the next step of a dry run,
/// `y`/`n` the homings are near enough or once more,
/// `q` stop and lift. The end of
/// the input stops and lifts.
class HandTalk final : public QObject
{
    Q_OBJECT
public:
    HandTalk(app::ResumeFlow& flow, const Output& out, QObject* parent = nullptr);

    void offer(const QString& question); ///< answered by `y` (taken) or `q` (refused)

signals:
    void taken();
    void refused();

private:
    void read();
    void take();
    void answer(const QByteArray& line);
    void accept();
    void ask();
    [[nodiscard]] QString question() const;

    app::ResumeFlow& m_flow;
    const Output& m_out;
    QSocketNotifier m_input;
    QByteArray m_pending;
    QString m_asked, m_offer;
    bool m_atEnd = false;
    bool m_accepted = false; ///< the height was taken; the printer has not answered yet
};

} // namespace kintsugi::cli
