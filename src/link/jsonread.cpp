// SPDX-License-Identifier: GPL-3.0-or-later
#include "jsonread.h"

#include <cmath>

namespace kintsugi::link {

namespace {

constexpr double largestExact = 9007199254740992.0; // 2^53: beyond it a double no longer holds every integer

std::optional<std::uint64_t> wholeNumber(const QJsonValue& value)
{
    const double number = value.toDouble(-1);
    if (!value.isDouble() || number < 0 || number > largestExact || number != std::floor(number))
        return std::nullopt;
    return static_cast<std::uint64_t>(number);
}

} // namespace

std::string jsonTypeName(const QJsonValue& value)
{
    switch (value.type()) {
    case QJsonValue::Null: return "null";
    case QJsonValue::Bool: return "true or false";
    case QJsonValue::Double: return "a number";
    case QJsonValue::String: return "a text";
    case QJsonValue::Array: return "a list";
    case QJsonValue::Object: return "an object";
    case QJsonValue::Undefined: return "missing";
    }
    return {};
}

Error badValue(std::string field, const QJsonValue& value)
{
    return Error{.code = ErrorCode::BadValue, .detail = jsonTypeName(value), .field = std::move(field)};
}

JsonReader::JsonReader(QJsonObject object, std::string path, std::vector<Error>& errors)
    : m_object(std::move(object))
    , m_path(std::move(path))
    , m_errors(&errors)
{
}

std::optional<QJsonValue> JsonReader::value(const char* key) const
{
    const auto found = m_object.constFind(QLatin1String(key));
    if (found == m_object.constEnd())
        return std::nullopt;
    return *found;
}

void JsonReader::complain(const char* key, const QJsonValue& value) const
{
    m_errors->push_back(badValue(m_path.empty() ? std::string(key) : m_path + "." + key, value));
}

bool JsonReader::has(const char* key) const
{
    const auto found = value(key);
    return found && !found->isNull();
}

void JsonReader::need(const char* key) const
{
    if (!has(key))
        complain(key, value(key).value_or(QJsonValue(QJsonValue::Undefined)));
}

void JsonReader::read(const char* key, std::optional<double>& target) const
{
    const auto found = value(key);
    if (!found)
        return;
    target.reset();
    if (found->isDouble() && std::isfinite(found->toDouble()))
        target = found->toDouble();
    else if (!found->isNull())
        complain(key, *found);
}

void JsonReader::read(const char* key, double& target) const
{
    std::optional<double> number = target;
    read(key, number);
    target = number.value_or(0);
}

void JsonReader::read(const char* key, std::optional<bool>& target) const
{
    const auto found = value(key);
    if (!found)
        return;
    target.reset();
    if (found->isBool())
        target = found->toBool();
    else if (!found->isNull())
        complain(key, *found);
}

void JsonReader::read(const char* key, bool& target) const
{
    std::optional<bool> flag = target;
    read(key, flag);
    target = flag.value_or(false);
}

void JsonReader::read(const char* key, std::optional<int>& target) const
{
    const auto found = value(key);
    if (!found)
        return;
    target.reset();
    const double number = found->toDouble();
    if (found->isDouble() && number == std::floor(number) && std::abs(number) < 2e9)
        target = static_cast<int>(number);
    else if (!found->isNull())
        complain(key, *found);
}

void JsonReader::read(const char* key, std::optional<std::uint64_t>& target) const
{
    const auto found = value(key);
    if (!found)
        return;
    target = wholeNumber(*found);
    if (!target && !found->isNull())
        complain(key, *found);
}

void JsonReader::read(const char* key, quint64& target) const
{
    std::optional<std::uint64_t> number = target;
    read(key, number);
    target = number.value_or(0);
}

void JsonReader::read(const char* key, QString& target) const
{
    const auto found = value(key);
    if (!found)
        return;
    target.clear();
    if (found->isString())
        target = found->toString();
    else if (!found->isNull())
        complain(key, *found);
}

void JsonReader::read(const char* key, std::string& target) const
{
    QString text = QString::fromStdString(target);
    read(key, text);
    target = text.toStdString();
}

void JsonReader::read(const char* key, std::optional<std::array<double, 4>>& target) const
{
    const auto found = value(key);
    if (!found)
        return;
    target.reset();
    const QJsonArray list = found->toArray();
    if (found->isNull())
        return;
    if (list.size() < 4)
        return complain(key, *found);
    std::array<double, 4> numbers{};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        const QJsonValue number = list.at(static_cast<qsizetype>(i));
        if (!number.isDouble())
            return complain((std::string(key) + "[" + std::to_string(i) + "]").c_str(), number);
        numbers[i] = number.toDouble();
    }
    target = numbers;
}

void JsonReader::read(const char* key, std::optional<std::vector<std::string>>& target) const
{
    const auto found = value(key);
    if (!found)
        return;
    target.reset();
    if (found->isNull())
        return;
    if (!found->isArray())
        return complain(key, *found);
    std::vector<std::string> texts;
    const QJsonArray list = found->toArray();
    for (const QJsonValue& text : list) {
        if (!text.isString())
            return complain((std::string(key) + "[" + std::to_string(texts.size()) + "]").c_str(), text);
        texts.push_back(text.toString().toStdString());
    }
    target = std::move(texts);
}

JsonReader JsonReader::object(const char* key) const
{
    const auto found = value(key);
    const std::string path = m_path.empty() ? std::string(key) : m_path + "." + key;
    if (found && !found->isObject() && !found->isNull())
        complain(key, *found);
    return JsonReader(found ? found->toObject() : QJsonObject(), path, *m_errors);
}

QJsonArray JsonReader::array(const char* key) const
{
    const auto found = value(key);
    if (found && !found->isArray() && !found->isNull())
        complain(key, *found);
    return found ? found->toArray() : QJsonArray();
}

} // namespace kintsugi::link
