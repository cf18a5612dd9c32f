// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QJsonArray>
#include <QJsonObject>
#include <QPointer>
#include <QTimer>

#include "klippy.h"
#include "recording.h"

/// A klippy that answers from the recordings and does what a test says, without machine or clock.
class FakeKlippy final : public QObject
{
    Q_OBJECT
public:
    FakeKlippy()
    {
        const auto lines = recording::load(QStringLiteral("01_connect_identify_subscribe.jsonl"));
        for (std::size_t i = 0; i < lines.size(); ++i) {
            const QJsonObject frame = lines[i].value(QLatin1String("frame")).toObject();
            if (lines[i].value(QLatin1String("dir")) != QStringLiteral("c2s"))
                continue;
            const QString method = frame.value(QLatin1String("method")).toString();
            const QJsonValue result = recording::answerTo(lines, i).value(QLatin1String("result"));
            m_recorded.insert(method, result);
            const QJsonObject status = result.toObject().value(QLatin1String("status")).toObject();
            for (auto it = status.begin(); it != status.end(); ++it)
                merge(it.key(), it.value().toObject());
        }
        objects.remove(QStringLiteral("no_such_object"));
    }

    std::unique_ptr<kintsugi::sim::KlippyConnection> open();

    void say(const QString& text)
    {
        send({{QStringLiteral("method"), QStringLiteral("process_gcode_response")},
              {QStringLiteral("params"), QJsonObject{{QStringLiteral("response"), text}}}});
    }
    void update(const QJsonObject& status)
    {
        for (auto it = status.begin(); it != status.end(); ++it)
            merge(it.key(), it.value().toObject());
        send({{QStringLiteral("method"), QStringLiteral("process_status_update")},
              {QStringLiteral("params"),
               QJsonObject{{QStringLiteral("eventtime"), 100.5}, {QStringLiteral("status"), status}}}});
    }
    void setState(const QString& state)
    {
        merge(QStringLiteral("webhooks"), {{QStringLiteral("state"), state}});
        up = true;
    }
    void die()
    {
        up = false;
        emit ended();
    }
    void handle(const QJsonObject& request, const QObject* from);

    bool up = true;
    QJsonObject objects;
    QStringList scripts;
    QJsonObject lastSubscription;

signals:
    void message(const QJsonObject& message, const QObject* onlyFor);
    void ended();

private:
    void send(const QJsonObject& what) { emit message(what, nullptr); }
    void reply(const QJsonValue& id, const QJsonValue& result)
    {
        emit message({{QStringLiteral("id"), id}, {QStringLiteral("result"), result}}, m_asking);
    }
    void refuse(const QJsonValue& id, const QString& text)
    {
        emit message(
            {{QStringLiteral("id"), id},
             {QStringLiteral("error"), QJsonObject{{QStringLiteral("error"), QStringLiteral("WebRequestError")},
                                                   {QStringLiteral("message"), text}}}},
            m_asking);
    }
    void merge(const QString& object, const QJsonObject& fields)
    {
        QJsonObject all = objects.value(object).toObject();
        for (auto it = fields.begin(); it != fields.end(); ++it)
            all.insert(it.key(), it.value());
        objects.insert(object, all);
    }
    QJsonObject status(const QJsonObject& wanted) const;
    void script(const QJsonValue& id, const QString& text);
    void restart(const QJsonValue& id);

    QHash<QString, QJsonValue> m_recorded;
    const QObject* m_asking = nullptr; ///< whose request is being handled
};

class FakeConnection final : public kintsugi::sim::KlippyConnection
{
    Q_OBJECT
public:
    explicit FakeConnection(FakeKlippy* klippy)
        : m_klippy(klippy)
    {
        connect(klippy, &FakeKlippy::message, this, [this](const QJsonObject& message, const QObject* onlyFor) {
            if (onlyFor == nullptr || onlyFor == this)
                emit received(message);
        });
        connect(klippy, &FakeKlippy::ended, this, &KlippyConnection::closed);
    }
    void send(const QJsonObject& request) override
    {
        QMetaObject::invokeMethod(
            m_klippy, [k = m_klippy, me = this, request] { k->handle(request, me); }, Qt::QueuedConnection);
    }

private:
    FakeKlippy* m_klippy;
};

inline std::unique_ptr<kintsugi::sim::KlippyConnection> FakeKlippy::open()
{
    return up ? std::make_unique<FakeConnection>(this) : nullptr;
}

inline QJsonObject FakeKlippy::status(const QJsonObject& wanted) const
{
    QJsonObject result;
    for (auto it = wanted.begin(); it != wanted.end(); ++it) {
        QJsonObject fields = objects.value(it.key()).toObject();
        for (const QString& field : fields.keys()) {
            if (it.value().isArray() && !it.value().toArray().contains(field))
                fields.remove(field);
        }
        result.insert(it.key(), fields);
    }
    return {{QStringLiteral("eventtime"), 99.25}, {QStringLiteral("status"), result}};
}

inline void FakeKlippy::restart(const QJsonValue& id)
{
    reply(id, QJsonObject());
    say(QStringLiteral("// Klipper state: Disconnect"));
    die();
    merge(QStringLiteral("print_stats"),
          {{QStringLiteral("state"), QStringLiteral("standby")}, {QStringLiteral("filename"), QString()}});
    setState(QStringLiteral("startup"));
    QTimer::singleShot(60, this, [this] { setState(QStringLiteral("ready")); });
}

inline void FakeKlippy::script(const QJsonValue& id, const QString& text)
{
    scripts.append(text);
    if (text.startsWith(QLatin1String("M109")))
        return; // waits for heat that never comes
    if (text.startsWith(QLatin1String("SDCARD_PRINT_FILE"))) {
        const QString name = text.section(QLatin1Char('"'), 1, 1);
        say(QStringLiteral("File opened:%1 Size:26776").arg(name));
        reply(id, QJsonObject());
        return update(
            {{QStringLiteral("print_stats"), QJsonObject{{QStringLiteral("state"), QStringLiteral("printing")},
                                                         {QStringLiteral("filename"), name},
                                                         {QStringLiteral("total_duration"), 0.25}}}});
    }
    if (text == QLatin1String("NO_SUCH_COMMAND"))
        say(QStringLiteral("// Unknown command:\"NO_SUCH_COMMAND\""));
    if (text == QLatin1String("G1 X10")) {
        say(QStringLiteral("!! Must home axis first: 10.000 0.000 0.000 [0.000]"));
        return refuse(id, QStringLiteral("Must home axis first: 10.000 0.000 0.000 [0.000]"));
    }
    reply(id, QJsonObject());
}

inline void FakeKlippy::handle(const QJsonObject& request, const QObject* from)
{
    m_asking = from;
    if (!up)
        return;
    static const QHash<QString, QString> recorded{
        {QStringLiteral("objects/list"), QStringLiteral("printer.objects.list")},
        {QStringLiteral("gcode/help"), QStringLiteral("printer.gcode.help")},
        {QStringLiteral("query_endstops/status"), QStringLiteral("printer.query_endstops.status")}};
    const QJsonValue id = request.value(QLatin1String("id"));
    const QString method = request.value(QLatin1String("method")).toString();
    const QJsonObject params = request.value(QLatin1String("params")).toObject();
    if (recorded.contains(method))
        return reply(id, m_recorded.value(recorded.value(method)));
    if (method == QLatin1String("info")) {
        QJsonObject info = m_recorded.value(QStringLiteral("printer.info")).toObject();
        info.insert(QStringLiteral("state"),
                    objects.value(QLatin1String("webhooks")).toObject().value(QLatin1String("state")));
        return reply(id, info);
    }
    if (method == QLatin1String("objects/query"))
        return reply(id, status(params.value(QLatin1String("objects")).toObject()));
    if (method == QLatin1String("objects/subscribe")) {
        lastSubscription = params.value(QLatin1String("objects")).toObject();
        return reply(id, status(lastSubscription));
    }
    if (method == QLatin1String("gcode/script"))
        return script(id, params.value(QLatin1String("script")).toString());
    if (method == QLatin1String("gcode/restart") || method == QLatin1String("gcode/firmware_restart"))
        return restart(id);
    if (method == QLatin1String("emergency_stop")) {
        say(QStringLiteral("// Klipper state: Shutdown"));
        reply(id, QJsonObject());
        return update(
            {{QStringLiteral("webhooks"), QJsonObject{{QStringLiteral("state"), QStringLiteral("shutdown")}}}});
    }
    if (method == QLatin1String("gcode/subscribe_output"))
        return reply(id, QJsonObject());
    refuse(id, QStringLiteral("webhooks: No registered callback for path '%1'").arg(method));
}
