// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <vector>

#include <QWidget>

#include "fieldmodel.h"
#include "filecache.h"
#include "job.h"
#include "profile.h"
#include "recoverability.h"
#include "resumeflowwork.h"

class QCheckBox;
class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QPlainTextEdit;
class QProgressBar;
class QPushButton;

namespace kintsugi::ui {

class ElidedLabel;
class MessageBar;
class PartPanel;
class PointTabs;

/// A G-code file of this computer, without a printer: what it is, its layers, and a resume file from any point of it.
class FileWindow final : public QWidget
{
    Q_OBJECT
public:
    /// `printers`: whose limits a plan may be made for.
    FileWindow(app::FileCache& files, std::vector<app::Profile> printers, QWidget* parent = nullptr);
    ~FileWindow() override;
    void open(const QString& path);
    void select(ByteOffset byte);
    void save(const QString& target);
    [[nodiscard]] std::shared_ptr<const app::OpenFile> file() const { return m_file; }
    [[nodiscard]] bool isPlanned() const { return m_plan && m_plan->plan.has_value() && recovery::isOpen(m_plan->gate); }

signals:
    void opened();
    void planned();
    void saved(const QString& path);

private:
    QWidget* makePart();
    QWidget* makeSide();
    QLayout* makeHead();
    QLayout* makeReading();
    QLayout* makeFooter();
    void follow();
    void read();
    void readAnew();
    void haveFile(const Result<std::shared_ptr<const app::OpenFile>>& result);
    void showFile();
    void judge();
    void showDrawing();
    void showHeight();
    [[nodiscard]] double layerHeight() const;
    [[nodiscard]] QStringList heightsText() const;
    void showChoice();
    void plan();
    void showPlan();
    void askTarget();
    void showMarkers();
    void setReading(bool reading);
    void showError(const Error& error);
    [[nodiscard]] gcode::Dialect dialect() const;
    [[nodiscard]] QString factsText() const;

    app::FileCache& m_files;
    std::vector<app::Profile> m_printers;
    QString m_path;
    bool m_dialectSaid = false;       ///< by the person: what the file suggests counts no more
    std::shared_ptr<const app::OpenFile> m_file;
    std::shared_ptr<const app::OpenFile> m_compared; ///< the file whose every byte was compared with its index
    std::optional<app::Choice> m_choice;
    std::optional<app::Planned> m_plan;
    app::Job<app::Choice> m_choosing;
    app::Job<app::Planned> m_planning;
    app::Job<recovery::ResumeFile> m_saving;
    app::Job<app::Recoverability> m_judging;
    std::unique_ptr<QObject> m_attempt; ///< context of the reading under way
    app::FieldModel m_fields;

    MessageBar* m_message;
    ElidedLabel* m_name;
    QLabel* m_facts;
    QComboBox* m_dialect;
    QComboBox* m_printer;
    QProgressBar* m_progress;
    QPushButton* m_cancel;
    PartPanel* m_part;
    PointTabs* m_points;
    QLabel* m_title;
    QLabel* m_risks;
    QCheckBox* m_confirm;
    QPlainTextEdit* m_text;
    QComboBox* m_method;
    QDoubleSpinBox* m_height;
    QPushButton* m_markers;
    QPushButton* m_save;
};

} // namespace kintsugi::ui
