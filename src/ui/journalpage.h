// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "journalmodel.h"

class QTableView;

namespace kintsugi::ui {

/// Everything this program sent to the printer, and what became of it.
class JournalPage final : public QWidget
{
    Q_OBJECT
public:
    explicit JournalPage(app::Session& session, QWidget* parent = nullptr);

signals:
    void failed(const kintsugi::Error& error);

private:
    app::JournalModel m_model;
    QTableView* m_table;
};

} // namespace kintsugi::ui
