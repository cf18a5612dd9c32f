// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>

#include <QFile>
#include <QObject>
#include <QTcpSocket>

#include "httpmessage.h"
#include "httpmultipart.h"

namespace kintsugi::sim {

/// One HTTP/1.1 client: reads a request, waits for respond(), reads the next. Deletes itself when the client leaves.
class HttpConnection final : public QObject
{
    Q_OBJECT
public:
    static constexpr qsizetype maxHead = 64 * 1024;
    static constexpr qint64 maxBody = 16 * 1024 * 1024;
    static constexpr qint64 maxUpload = 1024LL * 1024 * 1024;

    /// Decides where a body goes: a reader for an upload, nothing to keep it in memory.
    using Sink = std::function<std::unique_ptr<MultipartReader>(const HttpRequest&)>;

    /// Takes the socket over.
    HttpConnection(QTcpSocket* socket, Sink sink, QObject* parent);

    void respond(const HttpResponse& response);
    void abort(); ///< drops the client at once
    [[nodiscard]] MultipartReader* upload() const { return m_upload.get(); }

signals:
    void requested(const kintsugi::sim::HttpRequest& request);
    /// The handshake is still unread in the socket, which now belongs to the receiver.
    void upgradeRequested(QTcpSocket* socket, const kintsugi::sim::HttpRequest& request);

private:
    enum class State { Head, Body, Answering, Sending, Gone };

    void read();
    void readHead();
    bool beginBody();
    void readBody();
    void sendMore();
    void finish();
    void refuse(int status);

    QTcpSocket* m_socket;
    Sink m_sink;
    State m_state = State::Head;
    HttpRequest m_request;
    qint64 m_bodyLeft = 0;
    std::unique_ptr<MultipartReader> m_upload;
    QFile m_file;
    qint64 m_fileLeft = 0;
};

} // namespace kintsugi::sim
