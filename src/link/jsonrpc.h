// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <QJsonArray>
#include <QJsonObject>
#include <QObject>
#include <QTimer>

#include "base/result.h"

namespace kintsugi::link {

/// JSON-RPC 2.0 over something that carries whole messages: numbers requests, matches answers, times out.
/// Belongs to one connection: a new connection makes a new one.
class JsonRpc final : public QObject
{
    Q_OBJECT
public:
    using Reply = std::function<void(const Result<QJsonValue>&)>;
    using Send = std::function<void(const QByteArray&)>;

    explicit JsonRpc(Send send, QObject* parent = nullptr);
    ~JsonRpc() override;

    static constexpr std::chrono::milliseconds noTimeout{0};

    /// Answered once: result, the server's error as a code, Timeout, or what endAll() says; never when this dies first.
    int call(const QString& method, const QJsonObject& params, std::chrono::milliseconds timeout, Reply reply);
    /// Answers one call before its reply came; the reply is then ignored.
    void end(int id, const Error& error);
    void endAll(const Error& error);
    [[nodiscard]] int lastId() const { return m_lastId; }
    [[nodiscard]] qsizetype pending() const { return static_cast<qsizetype>(m_calls.size()); }

    /// One whole message. What cannot be read is reported by bad(), never fatal.
    void receive(const QByteArray& message);

signals:
    void notified(const QString& method, const QJsonArray& params);
    void bad(const kintsugi::Error& error);

private:
    struct Call {
        QString method;
        Reply reply;
        std::unique_ptr<QTimer> timer;
    };
    void answer(const QJsonObject& message);
    void settle(int id, const Result<QJsonValue>& result);

    Send m_send;
    std::map<int, Call> m_calls;
    int m_lastId = 0;
};

/// An error object of Moonraker {code, message} as our error; `detail` holds its words.
[[nodiscard]] Error serverError(int code, const QString& message);

/// Python writes NaN and Infinity as bare words, which are no JSON: replaces them by null outside of texts.
/// Returns how many were replaced.
int replaceBareWords(QByteArray& json);

} // namespace kintsugi::link
