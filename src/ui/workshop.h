// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include <QObject>

#include "driverfactory.h"
#include "printerlistmodel.h"
#include "secrets.h"
#include "session.h"

namespace kintsugi::ui {

class DemoControls;

/// What the main program hands down; everything outlives the window.
struct Tools {
    app::Archive& archive;
    app::FileCache& files;
    app::Secrets& secrets;
    app::ProfileList& profiles;
    const link::DriverFactory& drivers;
    app::Recorder::Clock clock;
    /// The controls of a demo printer, once its driver was made; nullptr for real printers.
    std::function<DemoControls*(const app::Profile&)> demo;
};

/// The printers of the window: keeps the profiles on disk and a Session for each.
class Workshop final : public QObject
{
    Q_OBJECT
public:
    explicit Workshop(Tools tools, QObject* parent = nullptr);
    ~Workshop() override;

    void load();                                              ///< the stored profiles; each connects by itself
    [[nodiscard]] app::PrinterListModel& printers() { return m_model; }
    [[nodiscard]] const Tools& tools() const { return m_tools; }
    [[nodiscard]] DemoControls* demoControls(const app::Session& session) const;
    /// A driver that belongs to no session, for a trial. BadAddress, NotSupported.
    [[nodiscard]] Result<std::unique_ptr<link::Driver>> makeDriver(const QString& address, const link::Credentials& credentials) const;
    /// BadAddress, NotSupported, WriteFailed.
    [[nodiscard]] Result<app::Session*> add(const QString& name, const QString& address, const link::Credentials& credentials);
    [[nodiscard]] Result<app::Session*> addDemo();            ///< the one that is there, if there is one
    void remove(app::Session* session);

signals:
    void added(kintsugi::app::Session* session);
    void aboutToRemove(kintsugi::app::Session* session);
    void failed(const kintsugi::Error& error);

private:
    [[nodiscard]] Result<link::Address> parse(const QString& address, const link::Credentials& credentials) const;
    Result<app::Session*> open(const app::Profile& profile, const link::Credentials& credentials);
    Result<> save();
    void keepProfile(const app::Profile& profile);

    Tools m_tools;
    std::vector<app::Profile> m_profiles;
    std::vector<std::unique_ptr<app::Session>> m_sessions;
    app::PrinterListModel m_model;
};

} // namespace kintsugi::ui
