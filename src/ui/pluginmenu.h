// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QToolButton>

#include "session.h"

namespace kintsugi::ui {

/// klipper-plr's commands; each tells whether its effect was read back.
class PluginMenu final : public QToolButton
{
    Q_OBJECT
public:
    explicit PluginMenu(app::Session& session, QWidget* parent = nullptr);

signals:
    void done(const QString& words);
    void markersWanted();
    void failed(const kintsugi::Error& error);

private:
    void add(app::Session::PlrCommand command, const QString& name, const QString& outcome);
    void showState();

    app::Session& m_session;
};

} // namespace kintsugi::ui
