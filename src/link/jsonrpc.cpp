// SPDX-License-Identifier: GPL-3.0-or-later
#include "jsonrpc.h"

#include <algorithm>
#include <array>

#include <QJsonDocument>
#include <QLoggingCategory>

#include "jsonread.h"
#include "redact.h"

Q_LOGGING_CATEGORY(lcRpc, "kintsugi.link.jsonrpc", QtInfoMsg)

namespace kintsugi::link {

using namespace Qt::StringLiterals;

namespace {

Error unreadable(const QString& why, const QByteArray& message, int offset = 0)
{
    return Error{.code = ErrorCode::BadReply,
                 .detail = why.toStdString(),
                 .byte = static_cast<ByteOffset>(std::max(0, offset)),
                 .measured = static_cast<double>(message.size())};
}

bool contains(const QString& text, QLatin1String part)
{
    return text.contains(part, Qt::CaseInsensitive);
}

} // namespace

int replaceBareWords(QByteArray& json)
{
    static constexpr std::array<QByteArrayView, 3> words{"-Infinity", "Infinity", "NaN"};
    QByteArray out;
    out.reserve(json.size());
    int replaced = 0;
    bool inText = false;
    for (qsizetype i = 0; i < json.size(); ++i) {
        const char c = json.at(i);
        const QByteArrayView rest = QByteArrayView(json).sliced(i);
        const auto word = inText ? words.end() : std::ranges::find_if(words, [&](QByteArrayView w) { return rest.startsWith(w); });
        if (word != words.end()) {
            out += "null";
            i += word->size() - 1;
            ++replaced;
            continue;
        }
        out += c;
        if (c == '"')
            inText = !inText;
        else if (inText && c == '\\' && i + 1 < json.size())
            out += json.at(++i);
    }
    json = out;
    return replaced;
}

Error serverError(int code, const QString& message)
{
    Error error{.code = ErrorCode::Refused, .detail = message.toStdString()};
    if (code == 401 || contains(message, "Unauthorized"_L1) || contains(message, "Invalid API Key"_L1)
        || contains(message, "Invalid Password"_L1) || contains(message, "Invalid username"_L1))
        error.code = ErrorCode::Unauthorized;
    else if (code == 503)
        error.code = contains(message, "Klippy Disconnected"_L1) ? ErrorCode::Disconnected : ErrorCode::KlippyNotReady;
    else if (code == -32601 && contains(message, "Method not found"_L1))
        error.code = ErrorCode::NotSupported;
    else if (code == 404 || code == -32601 || contains(message, "does not exist"_L1)
             || contains(message, "Metadata not available"_L1))
        error.code = ErrorCode::FileMissing;
    else if (code == 403 || contains(message, "SD busy"_L1))
        error.code = ErrorCode::Busy;
    else if (contains(message, "No space left on device"_L1))
        error.code = ErrorCode::DiskFull;
    return error;
}

JsonRpc::JsonRpc(Send send, QObject* parent)
    : QObject(parent)
    , m_send(std::move(send))
{
}

JsonRpc::~JsonRpc() = default;

int JsonRpc::call(const QString& method, const QJsonObject& params, std::chrono::milliseconds timeout, Reply reply)
{
    const int id = ++m_lastId;
    Call& call = m_calls[id];
    call.method = method;
    call.reply = std::move(reply);
    if (timeout > noTimeout) {
        call.timer = std::make_unique<QTimer>();
        call.timer->setSingleShot(true);
        connect(call.timer.get(), &QTimer::timeout, this, [this, id, method] {
            settle(id, fail(ErrorCode::Timeout, method.toStdString()));
        });
        call.timer->start(timeout);
    }
    QJsonObject message{{u"jsonrpc"_s, u"2.0"_s}, {u"method"_s, method}, {u"id"_s, id}};
    if (!params.isEmpty())
        message.insert(u"params"_s, params);
    qCDebug(lcRpc) << "->" << redacted(message);
    m_send(QJsonDocument(message).toJson(QJsonDocument::Compact));
    return id;
}

void JsonRpc::settle(int id, const Result<QJsonValue>& result)
{
    auto call = m_calls.extract(id);
    if (call.empty())
        return;
    if (auto& timer = call.mapped().timer)
        timer.release()->deleteLater(); // may be the sender of the signal that led here
    call.mapped().reply(result);
}

void JsonRpc::end(int id, const Error& error)
{
    settle(id, fail(error));
}

void JsonRpc::endAll(const Error& error)
{
    std::vector<int> ids;
    for (const auto& [id, call] : m_calls)
        ids.push_back(id);
    for (const int id : ids)
        settle(id, fail(error));
}

void JsonRpc::receive(const QByteArray& message)
{
    QJsonParseError problem;
    QJsonDocument document = QJsonDocument::fromJson(message, &problem);
    if (document.isNull()) {
        QByteArray repaired = message;
        if (replaceBareWords(repaired) > 0) {
            emit bad(unreadable(u"NaN"_s, message, problem.offset));
            document = QJsonDocument::fromJson(repaired, &problem);
        }
    }
    if (document.isNull()) {
        emit bad(unreadable(problem.errorString(), message, problem.offset));
        return;
    }
    if (!document.isObject()) {
        emit bad(unreadable(u"no object"_s, message));
        return;
    }
    const QJsonObject object = document.object();
    const QJsonValue method = object.value("method"_L1);
    if (method.isString() && !object.contains("id"_L1)) {
        const QJsonValue params = object.value("params"_L1);
        if (!params.isArray() && !params.isUndefined() && !params.isNull()) {
            emit bad(badValue("params", params));
            return;
        }
        emit notified(method.toString(), params.toArray());
        return;
    }
    answer(object);
}

void JsonRpc::answer(const QJsonObject& message)
{
    const QJsonValue id = message.value("id"_L1);
    const QJsonValue error = message.value("error"_L1);
    if (!id.isDouble() || !m_calls.contains(id.toInt(-1))) {
        // A late answer to a call that timed out is expected; anything else is not.
        if (id.toInt(-1) > 0 && id.toInt(-1) <= m_lastId)
            qCDebug(lcRpc) << "late answer" << id.toInt();
        else
            emit bad(badValue("id", id));
        return;
    }
    if (message.contains("result"_L1)) {
        settle(id.toInt(), message.value("result"_L1));
        return;
    }
    std::vector<Error> errors;
    const JsonReader reader(error.toObject(), "error", errors);
    std::optional<int> code;
    QString words;
    reader.read("code", code);
    reader.read("message", words);
    if (!error.isObject() || !code)
        settle(id.toInt(), fail(badValue("error", error)));
    else
        settle(id.toInt(), fail(serverError(*code, words)));
}

} // namespace kintsugi::link
