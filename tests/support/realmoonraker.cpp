// SPDX-License-Identifier: GPL-3.0-or-later
#include "realmoonraker.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>
#include <QSignalSpy>
#include <QTcpServer>
#include <QTest>

using namespace Qt::StringLiterals;
using kintsugi::sim::Klippy;
using kintsugi::sim::KlippySocket;

SocketPrinter::SocketPrinter(const kintsugi::sim::MachineOptions& machine, double speed)
    : m_path(machine.folder + u"/comms/klippy.sock"_s)
    , m_home(std::make_unique<QObject>())
{
    QDir().mkpath(machine.folder + u"/comms"_s);
    m_home->moveToThread(&m_thread);
    m_thread.start();
    QMetaObject::invokeMethod(
        m_home.get(),
        [&] {
            m_klippy = std::make_unique<Klippy>(machine);
            m_socket = std::make_unique<KlippySocket>([this] { return m_klippy->openConnection(); });
            connect(m_klippy.get(), &Klippy::printStateChanged, this, &SocketPrinter::printStateChanged);
            m_listening = m_socket->follow(*m_klippy, m_path).has_value();
            m_klippy->setSpeed(speed);
        },
        Qt::BlockingQueuedConnection);
}

SocketPrinter::~SocketPrinter()
{
    QMetaObject::invokeMethod(
        m_home.get(),
        [this] {
            m_socket.reset();
            m_klippy.reset();
        },
        Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

void SocketPrinter::call(const std::function<void(Klippy&)>& action)
{
    QMetaObject::invokeMethod(
        m_home.get(), [&] { action(*m_klippy); }, Qt::BlockingQueuedConnection);
}

RealMoonraker::RealMoonraker(const QString& folder, const QString& klippySocket, Access access)
    : m_folder(folder)
    , m_klippySocket(klippySocket)
    , m_access(access)
{
    QTcpServer probe;
    if (probe.listen(QHostAddress::LocalHost))
        m_port = probe.serverPort();
    m_process.setProcessChannelMode(QProcess::MergedChannels);
}

RealMoonraker::~RealMoonraker()
{
    kill();
}

bool RealMoonraker::writeConfig() const
{
    for (const QString& name : {u"config"_s, u"logs"_s, u"gcodes"_s, u"comms"_s})
        QDir().mkpath(m_folder + u'/' + name);
    const QString access = m_access == Access::Trusted ? u"force_logins: False\ntrusted_clients:\n    127.0.0.1\n"_s
                                                       : u"force_logins: True\n"_s;
    const QString text = u"[server]\nhost: 127.0.0.1\nport: %1\nklippy_uds_address: %2\nmax_upload_size: 1024\n\n"
                         "[machine]\nprovider: none\nvalidate_service: False\n\n"
                         "[authorization]\n%3cors_domains:\n    *://localhost\n\n"
                         "[file_manager]\nenable_object_processing: False\nqueue_gcode_uploads: False\n\n"
                         "[history]\n\n[octoprint_compat]\n\n"
                         "[announcements]\nenable_moonlight: False\nsubscriptions:\n"_s.arg(QString::number(m_port),
                                                                                            m_klippySocket, access);
    QFile file(m_folder + u"/config/moonraker.conf"_s);
    return file.open(QIODevice::WriteOnly) && file.write(text.toUtf8()) > 0;
}

bool RealMoonraker::start()
{
    const QString fromEnvironment = qEnvironmentVariable("KINTSUGI_MOONRAKER_VENV");
    const QString venv = fromEnvironment.isEmpty() ? QStringLiteral(KINTSUGI_MOONRAKER_VENV) : fromEnvironment;
    const QString python = venv + u"/bin/python"_s;
    if (!QFile::exists(python)) {
        qWarning().noquote() << "no Moonraker in" << venv << "- run tests/tools/setup_moonraker.sh" << venv;
        return false;
    }
    if (!writeConfig())
        return false;
    QSignalSpy started(&m_process, &QProcess::started);
    m_process.start(python, {u"-m"_s, u"moonraker"_s, u"-d"_s, m_folder});
    if (started.isEmpty() && !started.wait(10000))
        return false;
    return QTest::qWaitFor([this] { return call(u"server.info"_s).isObject(); }, 30000);
}

bool RealMoonraker::waitForKlippy(const QString& state, int milliseconds)
{
    return QTest::qWaitFor(
        [&] { return call(u"server.info"_s).toObject().value("klippy_state"_L1).toString() == state; }, milliseconds);
}

void RealMoonraker::kill()
{
    if (m_process.state() == QProcess::NotRunning)
        return;
    QSignalSpy finished(&m_process, &QProcess::finished);
    m_process.kill();
    if (finished.isEmpty())
        finished.wait(10000);
}

QJsonValue RealMoonraker::call(const QString& method, const QJsonObject& params)
{
    QLocalSocket socket;
    QSignalSpy readable(&socket, &QLocalSocket::readyRead);
    socket.connectToServer(m_folder + u"/comms/moonraker.sock"_s);
    if (socket.state() != QLocalSocket::ConnectedState) // a Unix socket connects at once or not at all
        return {};
    const QJsonObject request{{u"jsonrpc"_s, u"2.0"_s}, {u"method"_s, method}, {u"params"_s, params}, {u"id"_s, 1}};
    socket.write(QJsonDocument(request).toJson(QJsonDocument::Compact) + '\x03');
    QByteArray bytes;
    while (socket.state() == QLocalSocket::ConnectedState && (socket.bytesAvailable() > 0 || readable.wait(10000))) {
        bytes += socket.readAll();
        for (auto end = bytes.indexOf('\x03'); end >= 0; end = bytes.indexOf('\x03')) {
            const QJsonObject frame = QJsonDocument::fromJson(bytes.first(end)).object();
            bytes.remove(0, end + 1);
            if (frame.value("id"_L1) == 1) // notifications come in between
                return frame.value("result"_L1);
        }
    }
    return {};
}

bool RealMoonraker::addUser(const QString& name, const QString& password)
{
    const QJsonValue result = call(u"access.post_user"_s, {{u"username"_s, name}, {u"password"_s, password}});
    return result.toObject().value("action"_L1) == u"user_created"_s;
}

QUrl RealMoonraker::address() const
{
    QUrl url;
    url.setScheme(u"moonraker"_s);
    url.setHost(u"127.0.0.1"_s);
    url.setPort(m_port);
    return url;
}

QString RealMoonraker::log() const
{
    QFile file(m_folder + u"/logs/moonraker.log"_s);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}
