// SPDX-License-Identifier: GPL-3.0-or-later
#include "pluginmenu.h"

#include <QAction>
#include <QMenu>

#include "theme.h"

namespace kintsugi::ui {

PluginMenu::PluginMenu(app::Session& session, QWidget* parent)
    : QToolButton(parent)
    , m_session(session)
{
    using Command = app::Session::PlrCommand;
    setIcon(ui::icon(QStringLiteral("plugin")));
    setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    setPopupMode(QToolButton::InstantPopup);
    setFocusPolicy(Qt::StrongFocus);
    setMenu(new QMenu(this));
    add(Command::Enable, tr("&Enable saving"), tr("Saving is enabled, read back from the printer."));
    add(Command::Disable, tr("&Disable saving"), tr("Saving is disabled, read back from the printer."));
    add(Command::Save, tr("&Save the state now"), tr("The state was saved, read back from the printer."));
    add(Command::Reset, tr("&Clear the saved state"), tr("The saved state was cleared, read back from the printer."));
    menu()->addSeparator();
    add(Command::SaveMesh, tr("Save the &mesh"), tr("The mesh was saved, read back from the printer."));
    add(Command::LoadMesh, tr("&Load the mesh"), tr("The mesh was loaded, read back from the printer."));
    menu()->addSeparator();
    connect(menu()->addAction(tr("&Recovery markers…")), &QAction::triggered, this, &PluginMenu::markersWanted);
    connect(&session.recorder(), &app::Recorder::pluginArmedChanged, this, &PluginMenu::showState);
    connect(&session, &app::Session::stateChanged, this, &PluginMenu::showState);
    showState();
}

void PluginMenu::add(app::Session::PlrCommand command, const QString& name, const QString& outcome)
{
    QAction* action = menu()->addAction(name);
    connect(action, &QAction::triggered, this, [this, command, outcome] {
        m_session.plrCommand(command, this, [this, outcome](const Result<>& result) {
            if (result)
                emit done(outcome);
            else
                emit failed(result.error());
        });
    });
}

void PluginMenu::showState()
{
    const auto armed = m_session.recorder().pluginArmed();
    setText(!armed ? tr("Plugin: not known") : *armed ? tr("Plugin: saving") : tr("Plugin: not saving"));
    setAccessibleName(text());
    setToolTip(tr("Commands of the recovery plugin on the printer"));
    setVisible(m_session.host().capabilities.testFlag(link::Capability::PlrPlugin));
    setEnabled(m_session.host().state == link::HostState::Ready);
}

} // namespace kintsugi::ui
