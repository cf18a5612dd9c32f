// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include <QJsonArray>
#include <QJsonObject>
#include <QString>

#include "base/result.h"

namespace kintsugi::link {

/// Reads typed fields of a JSON object that came from outside. A missing field leaves the target as it is, null empties it, a
/// wrong type or an impossible value empties it and adds BadValue with the path of the field ("result.status.extruder.target").
class JsonReader
{
public:
    JsonReader(QJsonObject object, std::string path, std::vector<Error>& errors);

    [[nodiscard]] bool has(const char* key) const;
    /// Adds BadValue for a key that is missing or null.
    void need(const char* key) const;

    void read(const char* key, double& target) const;
    void read(const char* key, std::optional<double>& target) const;
    void read(const char* key, bool& target) const;
    void read(const char* key, std::optional<bool>& target) const;
    void read(const char* key, std::optional<int>& target) const;
    void read(const char* key, quint64& target) const;
    void read(const char* key, std::optional<std::uint64_t>& target) const;
    void read(const char* key, std::string& target) const;
    void read(const char* key, QString& target) const;
    void read(const char* key, std::optional<std::array<double, 4>>& target) const; ///< at least four numbers
    void read(const char* key, std::optional<std::vector<std::string>>& target) const;

    [[nodiscard]] JsonReader object(const char* key) const; ///< empty reader when missing or no object
    [[nodiscard]] QJsonArray array(const char* key) const;
    [[nodiscard]] const QJsonObject& raw() const { return m_object; }
    [[nodiscard]] const std::string& path() const { return m_path; }

private:
    [[nodiscard]] std::optional<QJsonValue> value(const char* key) const;
    void complain(const char* key, const QJsonValue& value) const;

    QJsonObject m_object;
    std::string m_path;
    std::vector<Error>* m_errors;
};

/// "a number", "a text": what a JSON value is, for the detail of an error.
[[nodiscard]] std::string jsonTypeName(const QJsonValue& value);
[[nodiscard]] Error badValue(std::string field, const QJsonValue& value);

} // namespace kintsugi::link
