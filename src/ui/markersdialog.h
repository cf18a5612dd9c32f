// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QDialog>

#include "filecache.h"
#include "job.h"

class QLabel;
class QListWidget;
class QProgressBar;
class QPushButton;
class QTabWidget;

namespace kintsugi::ui {

/// klipper-plr's markers: whether this file has them, the text for each slicer, and a copy of the file that has them.
class MarkersDialog final : public QDialog
{
    Q_OBJECT
public:
    /// `file` may be nullptr: then only the texts are shown.
    explicit MarkersDialog(std::shared_ptr<const app::OpenFile> file, QWidget* parent = nullptr);
    /// Writes a new file; one that exists is refused.
    void prepare(const QString& target);

signals:
    void prepared(const QString& path);

private:
    QWidget* makeReport();
    QWidget* makeTexts();
    QWidget* makeText(const QString& place, const QString& text);
    QLayout* makeFooter();
    void askTarget();
    void haveCopy();
    void say(const QString& words, bool refused);
    void setWorking(bool working);

    std::shared_ptr<const app::OpenFile> m_file;
    app::Job<QString> m_job;
    QListWidget* m_findings;
    QTabWidget* m_slicers;
    QLabel* m_answer;
    QProgressBar* m_progress;
    QPushButton* m_prepare;
    QPushButton* m_cancel;
};

} // namespace kintsugi::ui
