// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <QJsonArray>
#include <QJsonObject>
#include <QJsonValue>
#include <QString>

#include "base/result.h"

/// One list of fields serves writing and reading: call io("key"_L1, member) with a Writer or a Reader. Absent and null leave
/// a member as it is; a wrong type is an error that names the path.
namespace kintsugi::app::json {

template <class T>
concept Text = std::same_as<T, std::string> || std::same_as<T, QString>;

inline QString toQString(const std::string& text) { return QString::fromStdString(text); }
inline QString toQString(const QString& text) { return text; }
inline QString toQString(int key) { return QString::number(key); }

inline QJsonValue encode(bool value) { return value; }
template <std::integral T>
QJsonValue encode(T value) { return static_cast<qint64>(value); }
inline QJsonValue encode(double value) { return std::isfinite(value) ? QJsonValue(value) : QJsonValue(); }
template <Text T>
QJsonValue encode(const T& value) { return toQString(value); }
inline QJsonValue encode(const QJsonObject& value) { return value; }
inline QJsonValue encode(const QJsonValue& value) { return value; }
template <class T>
QJsonValue encode(const std::vector<T>& values);
template <class T>
QJsonValue encode(const std::set<T>& values);
template <class T, std::size_t N>
QJsonValue encode(const std::array<T, N>& values);
template <class K, class T>
QJsonValue encode(const std::map<K, T>& values);
template <class T>
QJsonValue encode(const std::optional<T>& value) { return value ? encode(*value) : QJsonValue(); }

template <class Range>
QJsonValue encodeRange(const Range& values)
{
    QJsonArray array;
    for (const auto& value : values)
        array.append(encode(value));
    return array;
}
template <class T>
QJsonValue encode(const std::vector<T>& values) { return encodeRange(values); }
template <class T>
QJsonValue encode(const std::set<T>& values) { return encodeRange(values); }
template <class T, std::size_t N>
QJsonValue encode(const std::array<T, N>& values) { return encodeRange(values); }
template <class K, class T>
QJsonValue encode(const std::map<K, T>& values)
{
    QJsonObject object;
    for (const auto& [key, value] : values)
        object.insert(toQString(key), encode(value));
    return object;
}

/// The path of the first value that does not fit; empty = all fit.
using Problem = QString;

inline bool decode(const QJsonValue& json, bool& value, const QString& path, Problem& problem)
{
    if (!json.isBool())
        return problem = path, false;
    value = json.toBool();
    return true;
}
inline bool decode(const QJsonValue& json, double& value, const QString& path, Problem& problem)
{
    if (!json.isDouble())
        return problem = path, false;
    value = json.toDouble();
    return true;
}
template <std::integral T>
bool decode(const QJsonValue& json, T& value, const QString& path, Problem& problem)
{
    constexpr qint64 none = std::numeric_limits<qint64>::min();
    const qint64 number = json.isDouble() ? json.toInteger(none) : none;
    if (number == none || !std::in_range<T>(number))
        return problem = path, false;
    value = static_cast<T>(number);
    return true;
}
inline bool decode(const QJsonValue& json, std::string& value, const QString& path, Problem& problem)
{
    if (!json.isString())
        return problem = path, false;
    value = json.toString().toStdString();
    return true;
}
inline bool decode(const QJsonValue& json, QString& value, const QString& path, Problem& problem)
{
    if (!json.isString())
        return problem = path, false;
    value = json.toString();
    return true;
}
inline bool decode(const QJsonValue& json, QJsonObject& value, const QString& path, Problem& problem)
{
    if (!json.isObject())
        return problem = path, false;
    value = json.toObject();
    return true;
}
inline bool decode(const QJsonValue& json, QJsonValue& value, const QString&, Problem&)
{
    value = json;
    return true;
}
template <class T>
bool decode(const QJsonValue& json, std::vector<T>& values, const QString& path, Problem& problem);
template <class T>
bool decode(const QJsonValue& json, std::set<T>& values, const QString& path, Problem& problem);
template <class T, std::size_t N>
bool decode(const QJsonValue& json, std::array<T, N>& values, const QString& path, Problem& problem);
template <class K, class T>
bool decode(const QJsonValue& json, std::map<K, T>& values, const QString& path, Problem& problem);
template <class T>
bool decode(const QJsonValue& json, std::optional<T>& value, const QString& path, Problem& problem)
{
    T inner{};
    if (!decode(json, inner, path, problem))
        return false;
    value = std::move(inner);
    return true;
}
inline QString item(const QString& path, qsizetype index)
{
    return path + QLatin1Char('[') + QString::number(index) + QLatin1Char(']');
}
template <class T>
bool decode(const QJsonValue& json, std::vector<T>& values, const QString& path, Problem& problem)
{
    if (!json.isArray())
        return problem = path, false;
    const QJsonArray array = json.toArray();
    values.clear();
    for (qsizetype i = 0; i < array.size(); ++i) {
        T value{};
        if (!decode(array[i], value, item(path, i), problem))
            return false;
        values.push_back(std::move(value));
    }
    return true;
}
template <class T>
bool decode(const QJsonValue& json, std::set<T>& values, const QString& path, Problem& problem)
{
    std::vector<T> list;
    if (!decode(json, list, path, problem))
        return false;
    values = std::set<T>(list.begin(), list.end());
    return true;
}
template <class T, std::size_t N>
bool decode(const QJsonValue& json, std::array<T, N>& values, const QString& path, Problem& problem)
{
    const QJsonArray array = json.toArray();
    if (!json.isArray() || array.size() != static_cast<qsizetype>(N))
        return problem = path, false;
    for (std::size_t i = 0; i < N; ++i) {
        const QJsonValue element = array[static_cast<qsizetype>(i)];
        if (!element.isNull() && !decode(element, values[i], item(path, static_cast<qsizetype>(i)), problem))
            return false;
    }
    return true;
}
inline bool keyFromText(const QString& text, std::string& key)
{
    key = text.toStdString();
    return true;
}
inline bool keyFromText(const QString& text, int& key)
{
    bool ok = false;
    key = text.toInt(&ok);
    return ok;
}
template <class K, class T>
bool decode(const QJsonValue& json, std::map<K, T>& values, const QString& path, Problem& problem)
{
    if (!json.isObject())
        return problem = path, false;
    values.clear();
    const QJsonObject object = json.toObject();
    for (auto it = object.begin(); it != object.end(); ++it) {
        const QString where = path + QLatin1Char('.') + it.key();
        K key{};
        T value{};
        if (!keyFromText(it.key(), key))
            return problem = where, false;
        if (!decode(it.value(), value, where, problem))
            return false;
        values.emplace(std::move(key), std::move(value));
    }
    return true;
}

struct Writer {
    QJsonObject object;
    template <class T>
    void operator()(QLatin1String key, const T& value)
    {
        const QJsonValue json = encode(value);
        if (!json.isNull() && !json.isUndefined())
            object.insert(key, json);
    }
};

struct Reader {
    explicit Reader(QJsonObject json, QString where) : object(std::move(json)), path(std::move(where)) {}
    template <class T>
    void operator()(QLatin1String key, T& value)
    {
        const QJsonValue json = object.value(key);
        if (error || json.isUndefined() || json.isNull())
            return;
        Problem problem;
        if (!decode(json, value, path.isEmpty() ? QString(key) : path + QLatin1Char('.') + key, problem))
            error = Error{.code = ErrorCode::BadValue, .field = problem.toStdString()};
    }
    QJsonObject object;
    QString path;
    std::optional<Error> error;
};

} // namespace kintsugi::app::json
