// SPDX-License-Identifier: GPL-3.0-or-later
#include "httpconnection.h"

#include <algorithm>

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {
constexpr qint64 chunk = 64 * 1024;
}

HttpConnection::HttpConnection(QTcpSocket* socket, Sink sink, QObject* parent)
    : QObject(parent)
    , m_socket(socket)
    , m_sink(std::move(sink))
{
    socket->setParent(this);
    connect(socket, &QTcpSocket::readyRead, this, &HttpConnection::read);
    connect(socket, &QTcpSocket::bytesWritten, this, &HttpConnection::sendMore);
    connect(socket, &QTcpSocket::disconnected, this, &QObject::deleteLater);
    QMetaObject::invokeMethod(this, &HttpConnection::read, Qt::QueuedConnection);
}

void HttpConnection::read()
{
    if (m_state == State::Head)
        readHead();
    else if (m_state == State::Body)
        readBody();
}

void HttpConnection::readHead()
{
    const QByteArray seen = m_socket->peek(maxHead);
    const auto end = seen.indexOf("\r\n\r\n");
    if (end < 0) {
        if (seen.size() >= maxHead)
            refuse(431);
        return;
    }
    const auto request = parseHead(seen.first(end));
    if (!request)
        return refuse(400);
    if (request->wantsWebSocket()) {
        m_state = State::Gone;
        m_socket->disconnect(this);
        emit upgradeRequested(m_socket, *request);
        deleteLater();
        return;
    }
    m_request = *request;
    m_socket->skip(end + 4);
    if (beginBody())
        readBody();
}

bool HttpConnection::beginBody()
{
    m_upload.reset();
    bool ok = true;
    const QByteArray length = m_request.header("content-length"_ba);
    m_bodyLeft = length.isEmpty() ? 0 : length.toLongLong(&ok);
    if (!ok || m_bodyLeft < 0) {
        refuse(400);
        return false;
    }
    if (m_request.headers.contains("transfer-encoding"_ba)) {
        refuse(411);
        return false;
    }
    if (m_bodyLeft > 0)
        m_upload = m_sink(m_request);
    if (m_bodyLeft > (m_upload ? maxUpload : maxBody)) {
        refuse(413);
        return false;
    }
    if (m_request.header("expect"_ba).toLower() == "100-continue")
        m_socket->write("HTTP/1.1 100 Continue\r\n\r\n");
    m_state = State::Body;
    return true;
}

void HttpConnection::readBody()
{
    while (m_bodyLeft > 0 && m_socket->bytesAvailable() > 0) {
        const QByteArray bytes = m_socket->read(std::min(m_bodyLeft, chunk));
        m_bodyLeft -= bytes.size();
        if (m_upload)
            m_upload->feed(bytes);
        else
            m_request.body += bytes;
    }
    if (m_bodyLeft > 0)
        return;
    m_state = State::Answering;
    emit requested(m_request);
}

void HttpConnection::respond(const HttpResponse& response)
{
    if (m_state != State::Answering)
        return;
    m_state = State::Sending;
    const bool bodyWanted = m_request.method != "HEAD";
    m_fileLeft = 0;
    if (response.file && bodyWanted) {
        m_file.setFileName(response.file->path);
        if (!m_file.open(QIODevice::ReadOnly) || !m_file.seek(response.file->first)) {
            m_file.close();
            m_state = State::Answering;
            return respond(HttpResponse::error(404));
        }
        m_fileLeft = response.file->length;
    }
    m_socket->write(response.head(m_request.keepAlive));
    if (bodyWanted)
        m_socket->write(response.body);
    sendMore();
}

void HttpConnection::abort()
{
    m_state = State::Gone;
    m_socket->abort();
    deleteLater();
}

void HttpConnection::sendMore()
{
    if (m_state != State::Sending)
        return;
    while (m_fileLeft > 0 && m_socket->bytesToWrite() < 4 * chunk) {
        const QByteArray bytes = m_file.read(std::min(m_fileLeft, chunk));
        if (bytes.isEmpty()) { // the file became shorter: the promised length cannot be kept
            m_socket->abort();
            return;
        }
        m_socket->write(bytes);
        m_fileLeft -= bytes.size();
    }
    if (m_fileLeft == 0)
        finish();
}

void HttpConnection::finish()
{
    m_file.close();
    m_upload.reset();
    if (!m_request.keepAlive) {
        m_state = State::Gone;
        m_socket->disconnectFromHost();
        return;
    }
    m_state = State::Head;
    m_request = {};
    if (m_socket->bytesAvailable() > 0)
        QMetaObject::invokeMethod(this, &HttpConnection::read, Qt::QueuedConnection);
}

void HttpConnection::refuse(int status)
{
    m_state = State::Answering;
    m_request.keepAlive = false;
    respond(HttpResponse::error(status));
}

} // namespace kintsugi::sim
