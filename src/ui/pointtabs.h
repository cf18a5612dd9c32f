// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QTabWidget>

#include "filecache.h"

namespace kintsugi::ui {

class CaliperEntry;
class PartView;
class PointEntry;

/// Any point of a file beside its part view: typed, clicked on the part, or by heights measured on it.
class PointTabs final : public QTabWidget
{
    Q_OBJECT
public:
    PointTabs(PartView& part, QWidget* parent);
    void setFile(std::shared_ptr<const app::OpenFile> file);

signals:
    void chosen(kintsugi::ByteOffset byte);

private:
    void showPlaces();

    PartView& m_part;
    PointEntry* m_entry;
    CaliperEntry* m_caliper;
};

} // namespace kintsugi::ui
