// SPDX-License-Identifier: GPL-3.0-or-later
#include "variableskeeper.h"

#include <QFile>
#include <QFileInfo>

#include "klipper/plrstate.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 largest = 1 << 20; ///< bytes; a real one has a few kilobytes
constexpr int mostTries = 5;

} // namespace

VariablesKeeper::VariablesKeeper(QString printer, link::Driver& driver, PatientWriter& writer, std::function<double()> clock,
                                 QObject* parent)
    : QObject(parent), m_printer(std::move(printer)), m_driver(driver), m_writer(writer), m_clock(std::move(clock))
{
    m_again.setSingleShot(true);
    m_again.setInterval(std::chrono::milliseconds(400));
    connect(&m_again, &QTimer::timeout, this, &VariablesKeeper::refresh);
}

void VariablesKeeper::setPath(const QString& configuredPath)
{
    const QString name = QFileInfo(configuredPath).fileName();
    if (!name.isEmpty())
        m_path = name;
}

void VariablesKeeper::setLastGood(const VariablesCopy& copy)
{
    if (!m_lastGood)
        m_lastGood = copy;
}

void VariablesKeeper::refresh()
{
    if (!m_driver.host().capabilities.testFlag(link::Capability::ConfigFiles) || !m_folder.isValid())
        return;
    if (m_fetching) {
        m_dirty = true;
        return;
    }
    m_fetching = true;
    m_dirty = false;
    const QString local = m_folder.filePath(u"variables.cfg"_s);
    QFile::remove(local);
    m_driver.download(u"config"_s, m_path, local, 0, {}, this, [this](const Result<link::RemoteFile>& file) { fetched(file); });
}

void VariablesKeeper::fetched(const Result<link::RemoteFile>& file)
{
    m_fetching = false;
    QFile local(m_folder.filePath(u"variables.cfg"_s));
    const bool usable = file && local.open(QIODevice::ReadOnly) && local.size() <= largest;
    const QByteArray text = usable ? local.readAll() : QByteArray();
    const bool good = usable && klipper::klipperAccepts(std::string_view(text.constData(), static_cast<std::size_t>(text.size())));
    if (usable && (good || m_refused)) {
        m_tries = 0;
        keep(text, good);
    } else if (usable && ++m_tries < mostTries) {
        m_again.start(); // Klipper writes in place: this was the middle of a write
    }
    if (m_dirty)
        refresh();
}

void VariablesKeeper::keep(const QByteArray& text, bool good)
{
    if (text != m_lastText || !m_lastGood) {
        m_lastText = text;
        VariablesCopy copy{.time = m_clock(), .text = text, .good = good};
        auto id = std::make_shared<qint64>(0);
        m_writer.write(
            [printer = m_printer, copy, id](Store& store) -> Result<> {
                const auto added = store.addVariables(printer, copy);
                if (!added)
                    return fail(added.error());
                *id = *added;
                return {};
            },
            [this, copy, id]() mutable {
                copy.id = *id;
                if (copy.good)
                    m_lastGood = copy;
                emit stored(copy);
            });
    }
    if (!good && m_lastGood && m_tornTold != text) {
        m_tornTold = text;
        emit torn(*m_lastGood, text);
    }
    if (good)
        m_tornTold = QByteArray();
}

void VariablesKeeper::fileChanged(const link::FileChange& change)
{
    const bool written = change.action == "modify_file"_L1 || change.action == "create_file"_L1;
    if (written && change.root == "config"_L1 && change.path == m_path)
        refresh();
}

void VariablesKeeper::hostChanged(const link::HostInfo& host)
{
    const bool refused = host.state == link::HostState::Error && host.stateMessage.contains("existing variable file"_L1);
    if (refused != m_refused) {
        m_refused = refused;
        if (refused)
            refresh();
    }
}

} // namespace kintsugi::app
