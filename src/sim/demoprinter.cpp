// SPDX-License-Identifier: GPL-3.0-or-later
#include "demoprinter.h"

#include <algorithm>

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QPointer>
#include <QThread>

#include "moonrakersim.h"
#include "recovery/meshrestore.h"

using namespace Qt::StringLiterals;

// The resources of a static library are dropped by the linker unless somebody names them; outside any namespace.
static void loadDemoFiles()
{
    Q_INIT_RESOURCE(demo);
}

namespace kintsugi::sim {

namespace {

const QString demoName = u"tower_plr.gcode"_s;

/// Everything that lives on the demo's thread.
class Station final : public QObject
{
public:
    explicit Station(const DemoOptions& options)
        : klippy(options.machine)
        , server(serverOptions(options), [this] { return klippy.openConnection(); })
    {
        connect(&klippy, &Klippy::fileWritten, &server, &MoonrakerSim::noteWritten);
        connect(&klippy, &Klippy::fileMoved, &server, &MoonrakerSim::noteMoved);
        connect(&klippy, &Klippy::powerChanged, this, [this](bool on) { on ? (void)server.start() : server.kill(); });
    }

    Klippy klippy;
    MoonrakerSim server;

private:
    MoonrakerSimOptions serverOptions(const DemoOptions& options)
    {
        MoonrakerSimOptions result;
        result.folder = options.machine.folder;
        result.port = options.port;
        result.apiKey = options.apiKey;
        result.pollMilliseconds = static_cast<int>(std::clamp(250.0 / std::max(options.speed, 1.0), 20.0, 250.0));
        result.powered = [this] { return klippy.powered(); };
        // Whoever watches the demo has a clock of its own: at 20x the simulated one would tell of prints that end tomorrow.
        result.wallTime = [] { return static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000.0; };
        return result;
    }
};

Result<> putDemoFiles(const QString& folder)
{
    loadDemoFiles();
    for (const QString& name : QDir(u":/demo"_s).entryList(QDir::Files)) {
        const QString target = folder + u"/gcodes/"_s + name;
        if (QFile::exists(target))
            continue;
        if (!QFile::copy(u":/demo/"_s + name, target))
            return fail(ErrorCode::WriteFailed, {}, target.toStdString());
        // A copy of a resource keeps its read-only mode.
        QFile::setPermissions(target, QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::ReadOther);
    }
    return {};
}

/// A configuration to read and to put back; the machine itself is fixed.
Result<> putConfiguration(const MachineOptions& machine)
{
    const QString target = machine.folder + u"/config/printer.cfg"_s;
    if (QFile::exists(target))
        return {};
    recovery::MeshMatrix mesh;
    mesh.minimum = {10, 10};
    mesh.maximum = {machine.bedX - 10, machine.bedY - 10};
    mesh.probed = {{0.004, -0.002, 0.003}, {-0.001, 0, 0.002}, {0.003, -0.003, 0.001}}; // a flat bed, probed by a real switch
    const auto text = recovery::withMeshProfile("# The demo printer. A mesh lasts only if it is saved below.\n[printer]\nkinematics: corexy\n\n"
                                                "[bed_mesh]\nmesh_min: 10, 10\nprobe_count: 3, 3\n",
                                                mesh, "default");
    if (!text)
        return fail(text.error());
    QFile file(target);
    const QString folder = machine.folder;
    if (!QDir().mkpath(folder + u"/config"_s) || !file.open(QIODevice::WriteOnly) || file.write(text->data(), static_cast<qint64>(text->size())) < 0)
        return fail(ErrorCode::WriteFailed, file.errorString().toStdString(), target.toStdString());
    return {};
}

} // namespace

struct DemoPrinter::Private {
    DemoOptions options;
    QThread thread;
    Station* station = nullptr; ///< made and destroyed on the thread
    quint16 port = 0;

    template <class Action>
    void post(Action action)
    {
        if (station)
            QMetaObject::invokeMethod(
                station, [this, action] { action(*station); }, Qt::QueuedConnection);
    }
};

DemoPrinter::DemoPrinter(DemoOptions options, QObject* parent)
    : QObject(parent)
    , d(std::make_unique<Private>())
{
    d->options = std::move(options);
    d->thread.setObjectName(u"demo printer"_s);
}

DemoPrinter::~DemoPrinter()
{
    if (d->station) {
        // Its clients are deleted later, too: not in the thread's very last round, which deletes nothing that is added in it.
        QMetaObject::invokeMethod(d->station, [station = d->station] { station->server.kill(); }, Qt::BlockingQueuedConnection);
        d->station->deleteLater(); // the thread carries it out before it ends
    }
    d->thread.quit();
    d->thread.wait();
}

Result<> DemoPrinter::start()
{
    if (d->station)
        return {};
    const QString folder = d->options.machine.folder;
    if (folder.isEmpty() || !QDir().mkpath(folder + u"/gcodes"_s))
        return fail(ErrorCode::WriteFailed, {}, folder.toStdString());
    if (d->options.withDemoFile) {
        if (const auto put = putDemoFiles(folder); !put)
            return put;
    }
    if (const auto put = putConfiguration(d->options.machine); !put)
        return put;
    auto* starter = new QObject;
    starter->moveToThread(&d->thread);
    d->thread.start();
    Result<> outcome;
    QMetaObject::invokeMethod(
        starter,
        [this, &outcome] {
            auto station = std::make_unique<Station>(d->options);
            connect(&station->klippy, &Klippy::powerChanged, this, &DemoPrinter::powerChanged);
            connect(&station->klippy, &Klippy::hostStarted, this, [this] { emit hostChanged(true); });
            connect(&station->klippy, &Klippy::hostStopped, this, [this] { emit hostChanged(false); });
            connect(&station->klippy, &Klippy::printStateChanged, this, &DemoPrinter::printStateChanged);
            outcome = station->server.start();
            if (!outcome)
                return;
            d->port = station->server.port();
            station->klippy.setSpeed(d->options.speed);
            d->station = station.release();
        },
        Qt::BlockingQueuedConnection);
    starter->deleteLater();
    return outcome;
}

QUrl DemoPrinter::address() const
{
    QUrl url;
    url.setScheme(u"moonraker"_s);
    url.setHost(u"127.0.0.1"_s);
    url.setPort(d->port);
    return url;
}

QString DemoPrinter::demoFile() const
{
    return demoName;
}

void DemoPrinter::setSpeed(double factor)
{
    d->post([factor](Station& station) { station.klippy.setSpeed(factor); });
}

void DemoPrinter::cutPower()
{
    d->post([](Station& station) { station.klippy.cutPower(); });
}

void DemoPrinter::restorePower()
{
    d->post([](Station& station) { station.klippy.restorePower(); });
}

void DemoPrinter::crashHost()
{
    d->post([](Station& station) { station.klippy.crashHost(); });
}

void DemoPrinter::startHost()
{
    d->post([](Station& station) { station.klippy.startHost(); });
}

void DemoPrinter::dropLink(int milliseconds)
{
    d->post([milliseconds](Station& station) { station.server.dropLink(milliseconds); });
}

void DemoPrinter::clearBed()
{
    d->post([](Station& station) { station.klippy.clearBed(); });
}

void DemoPrinter::call(std::function<void(Klippy&)> action)
{
    d->post([action = std::move(action)](Station& station) { action(station.klippy); });
}

void DemoPrinter::query(QObject* context, std::function<void(const Deposit&, double crushed)> reply)
{
    const auto answer = [this, context = QPointer(context), reply = std::move(reply)](const Deposit& deposit,
                                                                                      double crushed) {
        QMetaObject::invokeMethod(this, [context, reply, deposit, crushed] {
            if (context)
                reply(deposit, crushed);
        });
    };
    d->post([answer](Station& station) { answer(station.klippy.deposit(), station.klippy.crushed()); });
}

} // namespace kintsugi::sim
