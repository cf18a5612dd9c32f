// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QWidget>

#include "filecache.h"
#include "job.h"

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace kintsugi::ui {

/// A point of the file by what a person can name or measure: layer, height of the part, line or byte.
class PointEntry final : public QWidget
{
    Q_OBJECT
public:
    enum Kind { Layer, Height, Line, Byte };
    explicit PointEntry(QWidget* parent = nullptr);
    void setFile(std::shared_ptr<const app::OpenFile> file);

signals:
    void chosen(kintsugi::ByteOffset byte);

private:
    void go();
    void goToLayer(double number);
    void goToHeight(double z);
    void refuse(const QString& why);
    void showKind();

    std::shared_ptr<const app::OpenFile> m_file;
    app::Job<ByteOffset> m_locating;
    QComboBox* m_kind;
    QLineEdit* m_value;
    QPushButton* m_go;
    QLabel* m_answer;
};

} // namespace kintsugi::ui
