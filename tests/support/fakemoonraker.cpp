// SPDX-License-Identifier: GPL-3.0-or-later
#include "fakemoonraker.h"

#include <algorithm>

#include <QCryptographicHash>
#include <QJsonDocument>
#include <QTcpSocket>
#include <QWebSocket>

namespace kintsugi::test {

using namespace Qt::StringLiterals;

namespace {

std::optional<HttpRequest> parse(const QByteArray& bytes)
{
    const qsizetype end = bytes.indexOf("\r\n\r\n");
    if (end < 0)
        return std::nullopt;
    HttpRequest request;
    QList<QByteArray> lines = bytes.left(end).split('\n');
    const QList<QByteArray> first = lines.takeFirst().trimmed().split(' ');
    request.method = first.value(0);
    request.path = first.value(1);
    for (const QByteArray& line : lines) {
        const qsizetype colon = line.indexOf(':');
        request.headers[line.left(colon).toLower()] = line.mid(colon + 1).trimmed();
    }
    request.body = bytes.mid(end + 4);
    return request;
}

/// name -> value of the fields of a multipart body; the file's name is under "filename".
std::map<QByteArray, QByteArray> formFields(const HttpRequest& request)
{
    std::map<QByteArray, QByteArray> fields;
    QByteArray boundary = request.headers.at("content-type");
    boundary = "--" + boundary.mid(boundary.indexOf("boundary=") + 9).replace('"', "");
    qsizetype at = 0;
    while ((at = request.body.indexOf(boundary, at)) >= 0) {
        at += boundary.size();
        const qsizetype body = request.body.indexOf("\r\n\r\n", at) + 4;
        const qsizetype next = request.body.indexOf("\r\n" + boundary, at);
        if (next < 0)
            break;
        const QByteArray head = request.body.mid(at, body - at);
        const auto quoted = [&head](const QByteArray& key) {
            const qsizetype start = head.indexOf(key + "=\"") + key.size() + 2;
            return head.contains(key + "=\"") ? head.mid(start, head.indexOf('"', start) - start) : QByteArray();
        };
        fields[quoted("; name").isEmpty() ? quoted("name") : quoted("; name")] = request.body.mid(body, next - body);
        if (head.contains("filename=\""))
            fields["filename"] = quoted("filename");
        at = next;
    }
    return fields;
}

} // namespace

FakeMoonraker::FakeMoonraker(QObject* parent)
    : QObject(parent)
    , m_upgrader(u"fake"_s, QWebSocketServer::NonSecureMode)
{
    connect(&m_tcp, &QTcpServer::newConnection, this, [this] {
        while (QTcpSocket* socket = m_tcp.nextPendingConnection())
            takeSocket(socket);
    });
    connect(&m_upgrader, &QWebSocketServer::newConnection, this, [this] {
        while (QWebSocket* client = m_upgrader.nextPendingConnection()) {
            client->setParent(this);
            m_clients.push_back(client);
            connect(client, &QWebSocket::textMessageReceived, this, &FakeMoonraker::onText);
            connect(client, &QWebSocket::pong, this, &FakeMoonraker::pong);
            connect(client, &QWebSocket::disconnected, this, [this, client] { std::erase(m_clients, client); });
            emit connectedClient();
        }
    });
    listenAgain();
}

FakeMoonraker::~FakeMoonraker()
{
    for (QWebSocket* client : m_clients)
        client->disconnect(this);
}

void FakeMoonraker::listenAgain()
{
    m_tcp.listen(QHostAddress::LocalHost, m_port);
    m_port = m_tcp.serverPort();
}

void FakeMoonraker::stopListening()
{
    m_tcp.close();
}

QUrl FakeMoonraker::url() const
{
    return QUrl(u"moonraker://127.0.0.1:%1"_s.arg(m_port));
}

QJsonObject FakeMoonraker::error(int code, const QString& message)
{
    return {{u"error"_s, QJsonObject{{u"code"_s, code}, {u"message"_s, message}}}};
}

void FakeMoonraker::answer(const QString& method, const QJsonValue& value)
{
    onRpc(method, [value](const QJsonObject&) { return result(value); });
}

qsizetype FakeMoonraker::count(const QString& method) const
{
    return std::ranges::count(calls, method, &std::pair<QString, QJsonObject>::first);
}

// ---- sockets -----------------------------------------------------------------------------------------------------------

void FakeMoonraker::takeSocket(QTcpSocket* socket)
{
    socket->setSocketOption(QAbstractSocket::LowDelayOption, 1);
    connect(socket, &QTcpSocket::readyRead, this, [this, socket] { readSocket(socket); });
    connect(socket, &QTcpSocket::disconnected, socket, &QObject::deleteLater);
}

void FakeMoonraker::readSocket(QTcpSocket* socket)
{
    const auto request = parse(socket->peek(socket->bytesAvailable()));
    if (!request)
        return;
    const auto upgrade = request->headers.find("upgrade");
    if (upgrade != request->headers.end() && upgrade->second.toLower() == "websocket") {
        handshakes.push_back(*request);
        m_sockets.push_back(socket);
        socket->disconnect(this);
        socket->disconnect(socket);
        m_upgrader.handleConnection(socket);
        emit socket->readyRead(); // the handshake is already there
        return;
    }
    const auto length = request->headers.find("content-length");
    if (length != request->headers.end() && request->body.size() < length->second.toLongLong())
        return;
    socket->readAll();
    socket->disconnect(this);
    serve(socket, *request);
}

void FakeMoonraker::serve(QTcpSocket* socket, const HttpRequest& request)
{
    httpCalls.push_back(request);
    write(socket, respondHttp(request));
}

void FakeMoonraker::write(QTcpSocket* socket, const HttpReply& reply)
{
    if (reply.stall)
        return;
    QByteArray head = "HTTP/1.1 " + QByteArray::number(reply.status) + " Reason\r\n";
    for (const auto& [name, value] : reply.headers)
        head += name + ": " + value + "\r\n";
    head += "Content-Length: " + QByteArray::number(reply.body.size()) + "\r\nConnection: close\r\n\r\n";
    socket->write(head + (reply.cutAfter >= 0 ? reply.body.left(reply.cutAfter) : reply.body));
    socket->disconnectFromHost();
}

void FakeMoonraker::dropClients()
{
    const auto sockets = std::exchange(m_sockets, {});
    for (QTcpSocket* socket : sockets)
        socket->disconnectFromHost(); // what was written still arrives
}

void FakeMoonraker::sendRaw(const QByteArray& bytes)
{
    m_sockets.back()->write(bytes);
    m_sockets.back()->flush();
}

void FakeMoonraker::sendText(const QString& text)
{
    for (QWebSocket* client : m_clients)
        client->sendTextMessage(text);
}

void FakeMoonraker::sendBinary(const QByteArray& bytes)
{
    for (QWebSocket* client : m_clients)
        client->sendBinaryMessage(bytes);
}

void FakeMoonraker::ping()
{
    for (QWebSocket* client : m_clients)
        client->ping();
}

void FakeMoonraker::send(const QJsonObject& message)
{
    sendText(QString::fromUtf8(QJsonDocument(message).toJson(QJsonDocument::Compact)));
}

void FakeMoonraker::notify(const QString& method, const QJsonArray& params)
{
    QJsonObject message{{u"jsonrpc"_s, u"2.0"_s}, {u"method"_s, method}};
    if (!params.isEmpty())
        message.insert(u"params"_s, params);
    send(message);
}

// ---- JSON-RPC ----------------------------------------------------------------------------------------------------------

void FakeMoonraker::onText(const QString& text)
{
    const QJsonObject request = QJsonDocument::fromJson(text.toUtf8()).object();
    const QString method = request.value("method"_L1).toString();
    const QJsonObject params = request.value("params"_L1).toObject();
    const int id = request.value("id"_L1).toInt();
    calls.emplace_back(method, params);
    auto answer = respond(method, params, id);
    if (answer) {
        answer->insert(u"jsonrpc"_s, u"2.0"_s);
        answer->insert(u"id"_s, id);
        send(*answer);
    }
    emit called(method, params, id);
}

std::optional<QJsonObject> FakeMoonraker::respond(const QString& method, const QJsonObject& params, int)
{
    const auto handler = m_rpc.find(method);
    return handler == m_rpc.end() ? standard(method, params) : handler->second(params);
}

QJsonObject FakeMoonraker::queried(const QJsonObject& objects) const
{
    QJsonObject all = status;
    all.insert(u"configfile"_s, QJsonObject{{u"settings"_s, settings}});
    all.insert(u"gcode"_s, QJsonObject{{u"commands"_s, commands}});
    all.insert(u"webhooks"_s, QJsonObject{{u"state"_s, klippyState}, {u"state_message"_s, klippyMessage}});
    QJsonObject answer;
    for (auto it = objects.begin(); it != objects.end(); ++it) {
        const QJsonObject fields = all.value(it.key()).toObject();
        QJsonObject chosen;
        for (auto field = fields.begin(); field != fields.end(); ++field) {
            if (it.value().isNull() || it.value().toArray().contains(field.key()))
                chosen.insert(field.key(), field.value());
        }
        answer.insert(it.key(), all.value(it.key()).isObject() || fields.isEmpty() ? QJsonValue(chosen) : all.value(it.key()));
    }
    return answer;
}

QJsonObject FakeMoonraker::fileItem(const QString& key, const QString& name, const QByteArray& bytes) const
{
    return {{key, name}, {u"size"_s, bytes.size()}, {u"modified"_s, modified}, {u"permissions"_s, u"rw"_s}};
}

QJsonObject FakeMoonraker::folder(const QString& path) const
{
    QJsonArray list;
    for (const auto& [name, bytes] : files) {
        if (name.section(u'/', 0, -2) == path)
            list.append(fileItem(u"filename"_s, name.section(u'/', -1), bytes));
    }
    const bool exists = !list.isEmpty() || path == "gcodes"_L1 || path == "config"_L1;
    return exists ? result(QJsonObject{{u"dirs"_s, QJsonArray()}, {u"files"_s, list}})
                  : error(400, u"Directory does not exist (%1)"_s.arg(path));
}

std::optional<QJsonObject> FakeMoonraker::standard(const QString& method, const QJsonObject& params)
{
    const QJsonObject gone = error(503, u"Klippy Host not connected"_s);
    if (method == "server.connection.identify"_L1)
        return result(QJsonObject{{u"connection_id"_s, 1}});
    if (method == "server.info"_L1)
        return result(QJsonObject{{u"klippy_connected"_s, klippyConnected},
                                  {u"klippy_state"_s, klippyState},
                                  {u"moonraker_version"_s, u"v0.9"_s},
                                  {u"components"_s, QJsonArray{u"history"_s}},
                                  {u"registered_directories"_s, QJsonArray{u"config"_s, u"gcodes"_s}}});
    if (method == "server.files.get_directory"_L1)
        return folder(params.value("path"_L1).toString());
    if (method.startsWith("printer."_L1) && !klippyConnected)
        return gone;
    if (method == "printer.info"_L1)
        return result(QJsonObject{{u"state"_s, klippyState},
                                  {u"state_message"_s, klippyMessage},
                                  {u"hostname"_s, u"voron"_s},
                                  {u"software_version"_s, u"v0.13.0"_s}});
    if (method == "printer.objects.list"_L1) {
        QStringList objects = status.keys();
        objects << u"webhooks"_s << u"configfile"_s << u"gcode"_s;
        return result(QJsonObject{{u"objects"_s, QJsonArray::fromStringList(objects)}});
    }
    if (method == "printer.objects.query"_L1 || method == "printer.objects.subscribe"_L1)
        return result(QJsonObject{{u"eventtime"_s, 100.0}, {u"status"_s, queried(params.value("objects"_L1).toObject())}});
    if (method.startsWith("printer."_L1))
        return result(u"ok"_s);
    return error(-32601, u"Method not found"_s);
}

// ---- HTTP --------------------------------------------------------------------------------------------------------------

HttpReply FakeMoonraker::respondHttp(const HttpRequest& request)
{
    const QByteArray path = request.path.left(request.path.indexOf('?') < 0 ? request.path.size() : request.path.indexOf('?'));
    const auto handler = m_http.find(path);
    if (handler != m_http.end())
        return handler->second(request);
    if (path == "/access/info")
        return {.body = R"({"result":{"login_required":false,"trusted":true}})"};
    if (path == "/server/files/upload")
        return storeUpload(request);
    const QByteArray below = "/server/files/";
    if (path.startsWith(below))
        return serveFile(request, QString::fromUtf8(QByteArray::fromPercentEncoding(path.mid(below.size()))));
    return {.status = 404, .body = R"({"error":{"code":404,"message":"Not Found"}})"};
}

HttpReply FakeMoonraker::serveFile(const HttpRequest& request, const QString& name) const
{
    const auto file = files.find(name);
    if (file == files.end())
        return {.status = 404, .body = R"({"error":{"code":404,"message":"Not Found"}})"};
    const auto range = request.headers.find("range");
    if (range == request.headers.end())
        return {.body = file->second};
    const qsizetype from = range->second.mid(6).chopped(1).toLongLong();
    const QByteArray size = QByteArray::number(file->second.size());
    return {.status = 206,
            .body = file->second.mid(from),
            .headers = {{"Content-Range",
                         "bytes " + QByteArray::number(from) + "-" + QByteArray::number(file->second.size() - 1) + "/" + size}}};
}

HttpReply FakeMoonraker::storeUpload(const HttpRequest& request)
{
    const auto fields = formFields(request);
    const QByteArray bytes = fields.at("file");
    if (QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex() != fields.at("checksum"))
        return {.status = 422, .body = R"({"error":{"code":422,"message":"Unprocessable Entity"}})"};
    QString name = QString::fromUtf8(fields.at("filename"));
    if (fields.contains("path"))
        name.prepend(QString::fromUtf8(fields.at("path")) + u'/');
    const QString root = QString::fromUtf8(fields.at("root"));
    files[root + u'/' + name] = bytes;
    QJsonObject item = fileItem(u"path"_s, name, bytes);
    item.insert(u"root"_s, root);
    return {.status = 201, .body = QJsonDocument(QJsonObject{{u"action"_s, u"create_file"_s}, {u"item"_s, item}}).toJson()};
}

} // namespace kintsugi::test
