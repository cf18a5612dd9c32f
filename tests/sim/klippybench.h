// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QFile>
#include <QJsonArray>
#include <QJsonObject>
#include <QStringList>
#include <QTemporaryDir>

#include "klippy.h"

namespace kintsugi::sim {

/// A simulated host with one client; time moves only when asked to.
struct Bench {
    QTemporaryDir folder;
    std::unique_ptr<Klippy> klippy;
    std::unique_ptr<KlippyConnection> connection;
    QStringList console;
    QList<QJsonObject> replies, updates;
    bool closed = false;
    int nextId = 1;

    static MachineOptions fast()
    {
        MachineOptions options;
        options.heaterRate = 20;
        return options;
    }

    explicit Bench(MachineOptions options = fast())
    {
        options.folder = folder.path();
        klippy = std::make_unique<Klippy>(options);
        open();
    }
    void open()
    {
        using namespace Qt::StringLiterals;
        connection = klippy->openConnection();
        closed = connection == nullptr;
        if (!connection)
            return;
        QObject::connect(connection.get(), &KlippyConnection::received, connection.get(), [this](const QJsonObject& m) {
            if (m.contains(u"id"_s))
                replies.append(m);
            else if (m.value(u"method"_s) == u"console"_s)
                console.append(m.value(u"params"_s).toObject().value(u"response"_s).toString());
            else
                updates.append(m);
        });
        QObject::connect(connection.get(), &KlippyConnection::closed, connection.get(), [this] { closed = true; });
        send(u"gcode/subscribe_output"_s, {{u"response_template"_s, QJsonObject{{u"method"_s, u"console"_s}}}});
        klippy->advance(0);
    }
    int send(const QString& method, const QJsonObject& parameters = {})
    {
        using namespace Qt::StringLiterals;
        const int id = nextId++;
        connection->send({{u"id"_s, id}, {u"method"_s, method}, {u"params"_s, parameters}});
        return id;
    }
    /// The reply to a request; empty while there is none.
    QJsonObject reply(int id) const
    {
        using namespace Qt::StringLiterals;
        for (const QJsonObject& message : replies) {
            if (message.value(u"id"_s).toInt() == id)
                return message;
        }
        return {};
    }
    QJsonObject result(const QString& method, const QJsonObject& parameters = {})
    {
        using namespace Qt::StringLiterals;
        const int id = send(method, parameters);
        klippy->advance(0);
        return reply(id).value(u"result"_s).toObject();
    }
    QJsonObject status(const QString& object)
    {
        using namespace Qt::StringLiterals;
        return result(u"objects/query"_s, {{u"objects"_s, QJsonObject{{object, QJsonValue()}}}})
            .value(u"status"_s).toObject().value(object).toObject();
    }
    QString printState()
    {
        using namespace Qt::StringLiterals;
        return status(u"print_stats"_s).value(u"state"_s).toString();
    }
    int start(const QString& script)
    {
        using namespace Qt::StringLiterals;
        const int id = send(u"gcode/script"_s, {{u"script"_s, script}});
        klippy->advance(0);
        return id;
    }
    /// Runs a script to its end: empty, Klipper's error text, or "no reply" after `limit` virtual seconds.
    QString run(const QString& script, double limit = 600)
    {
        using namespace Qt::StringLiterals;
        const int id = start(script);
        if (!advanceUntil([&] { return !reply(id).isEmpty(); }, limit))
            return u"no reply"_s;
        return reply(id).value(u"error"_s).toObject().value(u"message"_s).toString();
    }
    bool advanceUntil(const std::function<bool()>& condition, double limit, double step = 0.1)
    {
        for (double spent = 0; spent < limit; spent += step) {
            if (condition())
                return true;
            klippy->advance(step);
        }
        return condition();
    }
    bool ready()
    {
        using namespace Qt::StringLiterals;
        return advanceUntil([&] { return result(u"info"_s).value(u"state"_s) == u"ready"_s; }, 10);
    }
    /// Host and printer come back after a fault; a new connection is opened.
    bool restart()
    {
        klippy->restorePower();
        klippy->startHost();
        return advanceUntil([&] { return klippy->hostRunning(); }, 10) && (open(), ready());
    }
    void add(const QString& name, const QByteArray& text)
    {
        QFile file(klippy->gcodesPath() + QLatin1Char('/') + name);
        if (file.open(QIODevice::WriteOnly))
            file.write(text);
    }
    static QByteArray tower()
    {
        QFile file(QStringLiteral(KINTSUGI_TEST_DATA "/moonraker/gcode/tower_plr.gcode"));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void addTower() { add(QStringLiteral("tower_plr.gcode"), tower()); }
};

} // namespace kintsugi::sim
