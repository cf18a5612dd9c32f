// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>

#include <QObject>
#include <QTemporaryDir>
#include <QTimer>

#include "driver.h"
#include "patientwriter.h"

namespace kintsugi::app {

/// Fetches variables.cfg whenever it was written and keeps every version; tells when Klipper refuses to start with it.
class VariablesKeeper final : public QObject
{
    Q_OBJECT
public:
    VariablesKeeper(QString printer, link::Driver& driver, PatientWriter& writer, std::function<double()> clock, QObject* parent = nullptr);

    void setPath(const QString& configuredPath);       ///< save_variables.filename as the printer reports it
    void setLastGood(const VariablesCopy& copy);       ///< from the store
    void refresh();                                    ///< fetches it now
    void fileChanged(const link::FileChange& change);
    void hostChanged(const link::HostInfo& host);

signals:
    void stored(const kintsugi::app::VariablesCopy& copy);
    void torn(const kintsugi::app::VariablesCopy& lastGood, const QByteArray& text);

private:
    void fetched(const Result<link::RemoteFile>& file);
    void keep(const QByteArray& text, bool good);

    QString m_printer;
    link::Driver& m_driver;
    PatientWriter& m_writer;
    std::function<double()> m_clock;
    QTemporaryDir m_folder;
    QTimer m_again;
    QString m_path = QStringLiteral("variables.cfg");
    std::optional<VariablesCopy> m_lastGood;
    QByteArray m_lastText, m_tornTold;
    bool m_fetching = false, m_dirty = false, m_refused = false;
    int m_tries = 0;
};

} // namespace kintsugi::app
