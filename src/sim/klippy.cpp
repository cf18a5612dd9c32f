// SPDX-License-Identifier: GPL-3.0-or-later
#include "klippy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <random>

#include <QDateTime>
#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QPointer>
#include <QTimer>

#include "klippyhost.h"
#include "klippylayers.h"
#include "klippysteps.h"
#include "recovery/stopinterval.h"

namespace kintsugi::sim {

using namespace Qt::StringLiterals;

namespace {

constexpr double processStart = 0.4;  // s from the order to a listening process
constexpr double firstClock = 600;    // what the host's clock shows when the simulation begins
constexpr double bootClock = 9;       // and right after a boot
constexpr double mcuPatience = 1.0;   // s after which they notice that the host is gone
constexpr int tick = 10;              // ms of real time between two slices

MachineSetup machineSetup(const MachineOptions& o)
{
    MachineSetup setup;
    setup.bedX = o.bedX;
    setup.bedY = o.bedY;
    setup.maxZ = o.maxZ;
    setup.switchNoise = o.switchNoise;
    setup.dropsUnpowered = o.bedDropsUnpowered;
    setup.drop = o.dropMm;
    setup.rephase = o.driversRephase;
    setup.rephaseSteps = o.rephaseSteps;
    setup.coupledZ = o.coupledZ;
    setup.powerLossLift = o.powerLossLift;
    setup.topSwitch = o.topEndstop ? o.maxZ : 0;
    setup.bedTilt = o.bedTilt;
    setup.bedBow = o.bedBow;
    setup.ambient = o.ambient;
    setup.heaterRate = o.heaterRate;
    setup.seed = o.seed;
    std::mt19937 random(o.seed + 17);
    for (std::size_t i = 0; i < setup.switchHeights.size(); ++i) {
        const double drawn = std::uniform_real_distribution<double>(-0.6, 0.6)(random);
        setup.switchHeights[i] = i < o.switchHeights.size() ? o.switchHeights[i] : o.maxZ - 18 + drawn;
    }
    return setup;
}

} // namespace

class SimConnection;

struct Klippy::Private {
    Private(Klippy* klippy, MachineOptions machineOptions)
        : q(klippy), options(std::move(machineOptions)), machine(machineSetup(options))
    {
    }

    struct LayerFault {
        int layer;
        double fraction;
        std::function<void()> fault;
        int watchId;
    };
    struct PendingMessage {
        QPointer<QObject> connection;
        QJsonObject message;
    };

    void startProcess();
    void endProcess(bool farewell);
    void closeConnections();
    void settle();
    void pump();
    void fire();
    void fileStarted(const QString& path, int index);
    void arm(LayerFault& fault);
    void advance(double seconds);

    Klippy* q;
    MachineOptions options;
    Machine machine;
    double world = 0;
    double clockZero = -firstClock;
    qint64 wallStart = QDateTime::currentMSecsSinceEpoch();
    bool power = true;
    bool advancing = false, pumpQueued = false;
    int inHost = 0; ///< the host's own code is on the stack: it must not be destroyed now
    bool restartWanted = false;
    enum class Ending { None, Crash, Cut } ending = Ending::None;
    std::optional<double> startAt;
    std::unique_ptr<Host> host;
    std::vector<SimConnection*> connections;
    std::deque<PendingMessage> inbox;
    std::optional<int> tear;
    std::vector<LayerFault> faults;
    int nextWatch = 1;
    std::optional<std::vector<PrintedLayer>> layers; ///< of the file opened last; read when a fault asks
    QString layersPath;
    int layersFile = -1;
    QTimer timer;
    QElapsedTimer elapsed;
    double factor = 0;
};

class SimConnection final : public KlippyConnection, public HostClient
{
    Q_OBJECT
public:
    explicit SimConnection(Klippy::Private& owner) : m_owner(&owner) { owner.connections.push_back(this); }
    ~SimConnection() override { leave(); }

    void send(const QJsonObject& request) override
    {
        if (m_owner == nullptr)
            return;
        m_owner->inbox.push_back({this, request});
        if (!std::exchange(m_owner->pumpQueued, true)) {
            QMetaObject::invokeMethod(m_owner->q, [owner = m_owner] { owner->pump(); }, Qt::QueuedConnection);
        }
    }
    void deliver(const QJsonObject& message) override { emit received(message); }
    void end()
    {
        leave();
        emit closed();
    }

private:
    void leave()
    {
        if (m_owner == nullptr)
            return;
        std::erase(m_owner->connections, this);
        if (m_owner->host)
            m_owner->host->detach(this);
        m_owner = nullptr;
    }
    friend class Klippy;
    Klippy::Private* m_owner;
};

void Klippy::Private::startProcess()
{
    startAt.reset();
    machine.haltMcu();
    HostWorld hostWorld{machine, options, clockZero, {}, {}, {}, {}, {}};
    hostWorld.fileWritten = [this](const QString& path) { emit q->fileWritten(path); };
    hostWorld.fileMoved = [this](const QString& from, const QString& to) { emit q->fileMoved(from, to); };
    hostWorld.printState = [this](const QString& state) { emit q->printStateChanged(state); };
    hostWorld.fileStarted = [this](const QString& path, int index) { fileStarted(path, index); };
    hostWorld.restart = [this] { restartWanted = true; };
    host = std::make_unique<Host>(std::move(hostWorld), world);
}

void Klippy::Private::closeConnections()
{
    const std::vector<QPointer<SimConnection>> open(connections.begin(), connections.end());
    for (const auto& connection : open) {
        if (connection)
            connection->end();
    }
    inbox.clear();
}

void Klippy::Private::endProcess(bool farewell)
{
    if (!host)
        return;
    if (farewell)
        host->disconnecting();
    host.reset();
    closeConnections();
    emit q->hostStopped();
}

/// Carries out what was asked for from inside the host's own code, once none of it is running any more.
void Klippy::Private::settle()
{
    if (inHost > 0)
        return;
    if (const Ending how = std::exchange(ending, Ending::None); how != Ending::None) {
        restartWanted = false;
        endProcess(false);
    }
    if (std::exchange(restartWanted, false) && host) {
        machine.haltMcu();
        endProcess(true);
        startAt = world + processStart;
    }
}

void Klippy::Private::pump()
{
    pumpQueued = false;
    if (inHost > 0)
        return;
    while (!inbox.empty()) {
        const PendingMessage next = std::move(inbox.front());
        inbox.pop_front();
        auto* connection = static_cast<SimConnection*>(next.connection.data());
        if (connection != nullptr && host) {
            ++inHost;
            host->request(connection, next.message, world);
            --inHost;
        }
        settle();
    }
}

void Klippy::Private::fileStarted(const QString& path, int index)
{
    layersPath = path;
    layersFile = index;
    layers.reset();
    for (LayerFault& fault : faults)
        arm(fault);
}

void Klippy::Private::arm(LayerFault& fault)
{
    if (!layers) {
        QFile file(layersPath);
        if (layersFile < 0 || !file.open(QIODevice::ReadOnly))
            return;
        layers = printedLayers(file.readAll().toStdString());
    }
    if (fault.layer < 0 || static_cast<std::size_t>(fault.layer) >= layers->size())
        return;
    const PrintedLayer& layer = (*layers)[static_cast<std::size_t>(fault.layer)];
    Machine::Watch watch;
    watch.id = fault.watchId = nextWatch++;
    watch.file = layersFile;
    watch.begin = layer.begin;
    watch.end = layer.end;
    watch.filament = std::max(1e-6, std::clamp(fault.fraction, 0.0, 1.0) * layer.filament - 1e-6);
    machine.watch(watch);
}

void Klippy::Private::fire()
{
    for (const int id : machine.takeFired()) {
        const auto it = std::find_if(faults.begin(), faults.end(),
                                     [id](const LayerFault& fault) { return fault.watchId == id; });
        if (it == faults.end())
            continue;
        const auto fault = std::move(it->fault);
        faults.erase(it);
        fault();
    }
}

void Klippy::Private::advance(double seconds)
{
    if (std::exchange(advancing, true))
        return;
    const double target = world + seconds;
    for (;;) {
        pump();
        settle();
        if (startAt && *startAt <= world) {
            startProcess();
            emit q->hostStarted();
        }
        double until = target;
        if (startAt)
            until = std::min(until, *startAt);
        if (host)
            until = std::min(until, std::max(world, host->next().value_or(target)));
        world = machine.advance(until);
        fire();
        settle();
        const bool due = host && host->next().value_or(target + 1) <= world;
        if (due) {
            ++inHost;
            host->run(world);
            --inHost;
        }
        settle();
        if (world >= target && !due && inbox.empty() && !(startAt && *startAt <= world))
            break;
    }
    advancing = false;
}

Klippy::Klippy(MachineOptions options, QObject* parent)
    : QObject(parent), d(std::make_unique<Private>(this, std::move(options)))
{
    for (const QString& name : {u"gcodes"_s, u"config"_s, u"logs"_s})
        QDir().mkpath(QString(d->options.folder + u'/' + name));
    d->startProcess();
    d->timer.setInterval(tick);
    connect(&d->timer, &QTimer::timeout, this, [this] {
        const double seconds = static_cast<double>(d->elapsed.nsecsElapsed()) / 1e9;
        d->elapsed.start();
        // After a stall of the thread the world goes on slowly instead of jumping.
        d->advance(std::min(seconds, 0.25) * d->factor);
    });
}

Klippy::~Klippy()
{
    d->closeConnections();
}

std::unique_ptr<KlippyConnection> Klippy::openConnection()
{
    if (!d->host || d->ending != Private::Ending::None || d->restartWanted)
        return nullptr;
    auto connection = std::make_unique<SimConnection>(*d);
    d->host->attach(connection.get());
    return connection;
}

double Klippy::now() const
{
    return d->world - d->clockZero;
}

double Klippy::wallTime() const
{
    return static_cast<double>(d->wallStart) / 1000 + d->world;
}

void Klippy::advance(double seconds)
{
    d->advance(seconds);
}

void Klippy::setSpeed(double factor)
{
    d->factor = std::max(0.0, factor);
    if (d->factor <= 0)
        return d->timer.stop();
    if (!d->timer.isActive()) {
        d->elapsed.start();
        d->timer.start();
    }
}

double Klippy::speed() const
{
    return d->factor;
}

bool Klippy::powered() const
{
    return d->power;
}

bool Klippy::hostRunning() const
{
    return d->host && d->ending == Private::Ending::None;
}

const MachineOptions& Klippy::options() const
{
    return d->options;
}

void Klippy::cutPower()
{
    if (!std::exchange(d->power, false))
        return;
    d->machine.cut();
    d->startAt.reset();
    if (const auto keep = std::exchange(d->tear, std::nullopt))
        QFile::resize(variablesPath(), std::min<qint64>(*keep, QFile(variablesPath()).size()));
    if (d->host)
        d->ending = Private::Ending::Cut;
    d->settle();
    emit powerChanged(false);
}

void Klippy::restorePower()
{
    d->settle();
    d->machine.restore();
    if (std::exchange(d->power, true))
        return;
    d->clockZero = d->world - bootClock;
    d->startAt = d->world + processStart;
    emit powerChanged(true);
}

double Klippy::motionLeft(double clockAsked) const
{
    if (!hostRunning())
        return 0;
    const double now = d->machine.now();
    const auto queue = recovery::queueModelOf(gcode::Dialect::Klipper, d->options.softwareVersion.toStdString());
    const StepSending sending{.dueBefore = queue.leastRunOut, .timed = d->host->stepBatches(now), .clockAsked = now - clockAsked};
    return endOfSentMotion(d->machine.queued(), now, sending) - now;
}

void Klippy::crashHost()
{
    if (!hostRunning())
        return;
    const double now = d->machine.now();
    // Where the host's question for the clock is follows from when it began: any phase is as good.
    std::mt19937_64 random(d->options.seed ^ std::bit_cast<std::uint64_t>(now));
    const double end = now + motionLeft(std::uniform_real_distribution<double>(0, clockPeriod)(random));
    d->machine.endMotionAt(end);
    d->machine.haltMcuAt(end + mcuPatience);
    d->ending = Private::Ending::Crash;
    d->settle();
}

void Klippy::startHost()
{
    d->settle();
    if (d->power && !d->host && !d->startAt)
        d->startAt = d->world + processStart;
}

void Klippy::cutMotorSupply()
{
    d->machine.cutMotors();
}

void Klippy::tearVariablesAtNextCut(int keepBytes)
{
    d->tear = keepBytes;
}

void Klippy::setEndstopStuck(int stepper, bool stuck)
{
    d->machine.setStuck(stepper, stuck);
}

void Klippy::setBedTemperature(double celsius)
{
    d->machine.bed.setTemperature(celsius);
}

void Klippy::expandFrame(double mm)
{
    d->machine.expandFrame(mm);
}

void Klippy::atLayer(int layer, double fraction, std::function<void()> fault)
{
    d->faults.push_back({layer, fraction, std::move(fault), 0});
    d->arm(d->faults.back());
}

const Deposit& Klippy::deposit() const
{
    return d->machine.deposit();
}

void Klippy::clearBed()
{
    d->machine.clearBed();
}

std::vector<double> Klippy::trueZ() const
{
    const auto& z = d->machine.motorZ();
    return {z.begin(), z.end()};
}

double Klippy::trueHeightAt(double x, double y) const
{
    return d->machine.planeAt(x, y);
}

std::vector<double> Klippy::truePosition() const
{
    const auto position = d->machine.position();
    return {position.begin(), position.end()};
}

std::optional<quint64> Klippy::executedByte() const
{
    const Origin& origin = d->machine.executed();
    return origin.file < 0 ? std::nullopt : std::optional<quint64>(origin.begin);
}

double Klippy::crushed() const
{
    return d->machine.crushed();
}

QString Klippy::variablesPath() const
{
    return d->options.folder + u"/config/variables.cfg"_s;
}

QString Klippy::gcodesPath() const
{
    return d->options.folder + u"/gcodes"_s;
}

} // namespace kintsugi::sim

#include "klippy.moc"
