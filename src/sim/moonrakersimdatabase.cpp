// SPDX-License-Identifier: GPL-3.0-or-later
#include "moonrakersimdatabase.h"

#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QSaveFile>
#include <QStringList>

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

const QStringList builtIn{u"moonraker"_s, u"gcode_metadata"_s, u"announcements"_s};

QStringList pathOf(const QJsonValue& key)
{
    if (key.isString())
        return key.toString().split(u'.');
    QStringList path;
    for (const QJsonValue& step : key.toArray())
        path.append(step.toString());
    return path;
}

QJsonValue valueAt(const QJsonValue& root, const QStringList& path)
{
    QJsonValue value = root;
    for (const QString& step : path)
        value = value.isObject() ? value.toObject().value(step) : QJsonValue(QJsonValue::Undefined);
    return value;
}

QJsonObject inserted(QJsonObject root, const QStringList& path, const QJsonValue& value)
{
    const QString& step = path.front();
    root.insert(step, path.size() == 1 ? value : inserted(root.value(step).toObject(), path.sliced(1), value));
    return root;
}

QJsonObject without(QJsonObject root, const QStringList& path)
{
    const QString& step = path.front();
    if (path.size() == 1) {
        root.remove(step);
        return root;
    }
    const QJsonObject inner = without(root.value(step).toObject(), path.sliced(1));
    if (inner.isEmpty())
        root.remove(step);
    else
        root.insert(step, inner);
    return root;
}

QString keyText(const QJsonValue& key)
{
    return key.isString() ? key.toString() : pathOf(key).join(u'.');
}

Answer item(const QString& space, const QJsonValue& key, const QJsonValue& value)
{
    return Answer::done(
        QJsonObject{{u"namespace"_s, space}, {u"key"_s, key.isUndefined() ? QJsonValue() : key}, {u"value"_s, value}});
}

Answer noKey(const QString& space, const QJsonValue& key)
{
    return Answer::failed(404, u"Key '%1' in namespace '%2' not found"_s.arg(keyText(key), space));
}

} // namespace

SimDatabase::SimDatabase(const QString& file)
    : m_file(file)
{
}

void SimDatabase::load()
{
    QFile file(m_file);
    m_spaces = file.open(QIODevice::ReadOnly) ? QJsonDocument::fromJson(file.readAll()).object() : QJsonObject();
}

void SimDatabase::save() const
{
    QDir().mkpath(QFileInfo(m_file).absolutePath());
    QSaveFile file(m_file);
    if (!file.open(QIODevice::WriteOnly))
        return;
    file.write(QJsonDocument(m_spaces).toJson());
    file.commit();
}

Answer SimDatabase::list() const
{
    QStringList names = builtIn;
    names.append(m_spaces.keys());
    return Answer::done(
        QJsonObject{{u"namespaces"_s, QJsonArray::fromStringList(names)}, {u"backups"_s, QJsonArray()}});
}

Answer SimDatabase::get(const QJsonObject& params) const
{
    const QString space = textOf(params, "namespace"_L1);
    const QJsonValue key = params.value("key"_L1);
    if (!m_spaces.contains(space))
        return Answer::failed(404, u"Namespace '%1' not found"_s.arg(space));
    const QJsonValue all = m_spaces.value(space);
    if (key.isUndefined() || key.isNull())
        return item(space, key, all);
    const QJsonValue value = valueAt(all, pathOf(key));
    return value.isUndefined() ? noKey(space, key) : item(space, key, value);
}

Answer SimDatabase::post(const QJsonObject& params)
{
    const QString space = textOf(params, "namespace"_L1);
    const QJsonValue key = params.value("key"_L1), value = params.value("value"_L1);
    if (space.isEmpty() || builtIn.contains(space))
        return Answer::failed(403, u"Write access to namespace '%1' is forbidden"_s.arg(space));
    if (pathOf(key).isEmpty() || value.isUndefined())
        return Answer::failed(400, u"No data for argument: %1"_s.arg(value.isUndefined() ? u"value"_s : u"key"_s));
    m_spaces.insert(space, inserted(m_spaces.value(space).toObject(), pathOf(key), value));
    save();
    return item(space, key, value);
}

Answer SimDatabase::remove(const QJsonObject& params)
{
    const QString space = textOf(params, "namespace"_L1);
    const QJsonValue key = params.value("key"_L1);
    const QJsonValue value = valueAt(m_spaces.value(space), pathOf(key));
    if (pathOf(key).isEmpty() || value.isUndefined())
        return noKey(space, key);
    const QJsonObject rest = without(m_spaces.value(space).toObject(), pathOf(key));
    if (rest.isEmpty())
        m_spaces.remove(space);
    else
        m_spaces.insert(space, rest);
    save();
    return item(space, key, value);
}

} // namespace kintsugi::sim
