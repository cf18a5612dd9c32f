// SPDX-License-Identifier: GPL-3.0-or-later
#include "readiness.h"

#include "jsonread.h"

namespace kintsugi::link {

using namespace Qt::StringLiterals;

namespace {

bool isMotionSensor(const QString& object)
{
    return object.startsWith("filament_motion_sensor "_L1);
}

bool isFilamentSensor(const QString& object)
{
    return isMotionSensor(object) || object.startsWith("filament_switch_sensor "_L1);
}

bool isController(const QString& object)
{
    return object == "mcu"_L1 || object.startsWith("mcu "_L1);
}

void readObjects(const QJsonObject& result, Readiness& readiness, std::vector<Error>& errors)
{
    const JsonReader status = JsonReader(result, "result", errors).object("status");
    std::vector<FilamentSensor> sensors;
    const QStringList names = status.raw().keys();
    for (const QString& object : names) {
        const JsonReader values = status.object(object.toUtf8().constData());
        if (isFilamentSensor(object)) {
            FilamentSensor sensor{.name = object.section(u' ', 1), .motion = isMotionSensor(object), .enabled = true, .detected = {}};
            values.read("enabled", sensor.enabled);
            values.read("filament_detected", sensor.detected);
            sensors.push_back(std::move(sensor));
        } else if (isController(object)) {
            QString version;
            values.read("mcu_version", version);
            if (!version.isEmpty())
                readiness.controllers[object] = version;
        }
    }
    readiness.filament = std::move(sensors);
    status.object("idle_timeout").read("idle_timeout", readiness.idleTimeout);
    const JsonReader steppers = status.object("stepper_enable").object("steppers");
    const QStringList motors = steppers.raw().keys();
    for (const QString& motor : motors) {
        std::optional<bool> on;
        steppers.read(motor.toUtf8().constData(), on);
        if (on)
            readiness.motors[motor] = *on;
    }
}

void readQueue(const QJsonObject& result, Readiness& readiness, std::vector<Error>& errors)
{
    const JsonReader queue(result, "result", errors);
    queue.read("queue_state", readiness.queueState);
    if (queue.has("queued_jobs"))
        readiness.queuedJobs = static_cast<quint64>(queue.array("queued_jobs").size());
}

void readDisk(const QJsonObject& result, Readiness& readiness, std::vector<Error>& errors)
{
    std::optional<double> free;
    JsonReader(result, "result", errors).object("disk_usage").read("free", free);
    if (free && *free >= 0)
        readiness.freeDisk = static_cast<quint64>(*free);
}

void readComputer(const QJsonObject& result, Readiness& readiness, std::vector<Error>& errors)
{
    const JsonReader computer(result, "result", errors);
    computer.read("system_uptime", readiness.uptime);
    if (!computer.has("throttled_state"))
        return;
    QStringList flags;
    const QJsonArray told = computer.object("throttled_state").array("flags"); // null where the computer has no such register
    for (const QJsonValue& flag : told) {
        const QString words = flag.toString();
        if (!words.startsWith("Previously"_L1)) // since its last boot, perhaps long ago
            flags.append(words);
    }
    readiness.powerFlags = flags;
}

} // namespace

QJsonObject readinessObjects(const QStringList& objects)
{
    QJsonObject wanted;
    for (const QString& object : objects) {
        if (isFilamentSensor(object))
            wanted.insert(object, QJsonArray{u"enabled"_s, u"filament_detected"_s});
        else if (isController(object))
            wanted.insert(object, QJsonArray{u"mcu_version"_s});
        else if (object == "idle_timeout"_L1)
            wanted.insert(object, QJsonArray{u"idle_timeout"_s});
        else if (object == "stepper_enable"_L1)
            wanted.insert(object, QJsonArray{u"steppers"_s});
    }
    return wanted;
}

std::array<ReadinessQuestion, 4> readinessQuestions(const QJsonObject& objects)
{
    return {{{{}, u"printer.objects.query"_s, {{u"objects"_s, objects}}, readObjects},
             {u"job_queue"_s, u"server.job_queue.status"_s, {}, readQueue},
             {{}, u"server.files.get_directory"_s, {{u"path"_s, u"gcodes"_s}, {u"extended"_s, false}}, readDisk},
             {u"proc_stats"_s, u"machine.proc_stats"_s, {}, readComputer}}};
}

} // namespace kintsugi::link
