// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "errortext.h"
#include "mainjobstand.h"
#include "moonrakerdriver.h"
#include "resumeflow.h"

namespace kintsugi::test {

/// What every test of a print that is resumed needs around it: a printer with its server, a history, a session.
class JobFixture : public QObject
{
    Q_OBJECT
protected:
    void openHouse(std::unique_ptr<Stand> stand)
    {
        using namespace Qt::StringLiterals;
        m_stand = std::move(stand);
        QVERIFY(m_stand->isUp());
        m_archive = std::make_unique<app::Archive>();
        QSignalSpy opened(m_archive.get(), &app::Archive::opened);
        m_archive->open(QUrl::fromLocalFile(m_folder->filePath(u"history.sqlite"_s)));
        QVERIFY(opened.wait());
        m_files = std::make_unique<app::FileCache>(m_folder->filePath(u"cache"_s));
        app::Profile profile;
        profile.id = u"demo"_s;
        profile.name = u"Demo"_s;
        profile.url = m_stand->address();
        link::MoonrakerTimes times;
        times.firstRetry = std::chrono::milliseconds(50);
        times.longestRetry = std::chrono::milliseconds(200);
        times.poll = std::chrono::milliseconds(50);
        const auto clock = m_stand->clock();
        auto driver = std::make_unique<link::MoonrakerDriver>(link::Address{m_stand->address(), {}}, nullptr, clock, times);
        m_session = std::make_unique<app::Session>(profile, std::move(driver), *m_archive, *m_files, clock);
        connect(m_session.get(), &app::Session::failed, this, [this](const Error& error) { m_errors << app::errorText(error).full(); });
    }
    void newFolder()
    {
        m_errors.clear();
        m_folder = std::make_unique<QTemporaryDir>();
    }
    void closeHouse()
    {
        if (QTest::currentTestFailed())
            qWarning() << "errors told:" << m_errors;
        m_flow.reset();
        m_session.reset();
        m_files.reset();
        m_archive.reset();
        m_stand.reset();
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<Stand> m_stand;
    std::unique_ptr<app::Archive> m_archive;
    std::unique_ptr<app::FileCache> m_files;
    std::unique_ptr<app::Session> m_session;
    std::unique_ptr<app::ResumeFlow> m_flow;
    QStringList m_errors;
};

} // namespace kintsugi::test
