// SPDX-License-Identifier: GPL-3.0-or-later
// Files of a MoonrakerDriver: looking one up, download, upload.
#include <cerrno>

#include <QCryptographicHash>
#include <QFile>
#include <QHttpMultiPart>
#include <QTimer>

#include "guarded.h"
#include "klipperstatus.h"
#include "moonrakerdriver.h"
#include "moonrakerhttp.h"

namespace kintsugi::link {

using namespace Qt::StringLiterals;

namespace {

constexpr qint64 chunk = 1024 * 1024;
constexpr int uploadPatience = 6; ///< the server reads the file's metadata before it answers

Error fileError(ErrorCode code, const QFileDevice& file)
{
    const bool full = file.error() == QFileDevice::ResourceError || errno == ENOSPC || errno == EDQUOT;
    return Error{.code = code == ErrorCode::WriteFailed && full ? ErrorCode::DiskFull : code,
                 .detail = file.errorString().toStdString(),
                 .file = file.fileName().toStdString()};
}

Error about(ErrorCode code, const QString& path)
{
    return Error{.code = code, .file = path.toStdString()};
}

/// Writes what a reply brings into a file. Outlives neither: the lambdas that use it belong to the reply.
struct Incoming {
    QFile file;
    quint64 from = 0, size = 0; ///< first byte asked for, size of the whole file on the printer
    std::optional<Error> error;
    QByteArray refusal;         ///< body of an answer that is no file

    void take(QNetworkReply& reply)
    {
        const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
        if (status != (from > 0 ? 206 : 200)) {
            if (refusal.size() < chunk)
                refusal += reply.read(chunk);
            else
                reply.readAll();
            return;
        }
        checkRange(reply);
        errno = 0;
        while (!error && reply.bytesAvailable() > 0) {
            const QByteArray bytes = reply.read(chunk);
            if (file.write(bytes) != bytes.size())
                error = fileError(ErrorCode::WriteFailed, file);
            else if (static_cast<quint64>(file.pos()) > size)
                error = Error{.code = ErrorCode::FileChanged, .measured = double(file.pos()), .limit = double(size)};
        }
        if (error)
            reply.abort();
    }
    void checkRange(const QNetworkReply& reply)
    {
        const QByteArray expected = "bytes " + QByteArray::number(from) + "-" + QByteArray::number(size - 1) + "/"
            + QByteArray::number(size);
        if (from > 0 && reply.rawHeader("Content-Range") != expected)
            error = Error{.code = ErrorCode::FileChanged, .detail = reply.rawHeader("Content-Range").toStdString()};
    }
};

std::optional<Error> openLocal(Incoming& in)
{
    const auto mode = in.from == 0 ? QIODevice::WriteOnly | QIODevice::Truncate : QIODevice::ReadWrite | QIODevice::Append;
    errno = 0;
    if (!in.file.open(mode))
        return fileError(ErrorCode::WriteFailed, in.file);
    if (in.from > in.size)
        return Error{.code = ErrorCode::FileChanged, .measured = double(in.size), .limit = double(in.from)};
    if (static_cast<quint64>(in.file.size()) != in.from)
        return Error{.code = ErrorCode::BadByte,
                     .file = in.file.fileName().toStdString(),
                     .byte = in.from,
                     .measured = double(in.file.size())};
    return std::nullopt;
}

std::optional<Error> outcome(Incoming& in, QNetworkReply& reply, bool aborted, const QString& path)
{
    if (in.error)
        return in.error;
    const int status = reply.attribute(QNetworkRequest::HttpStatusCodeAttribute).toInt();
    if (aborted)
        return Error{.code = ErrorCode::Disconnected};
    if (status == 416)
        return about(ErrorCode::FileChanged, path);
    if (status >= 300) {
        const auto words = readAnswer(HttpAnswer{status, in.refusal}, path);
        return words ? Error{.code = ErrorCode::BadReply} : words.error();
    }
    const auto came = static_cast<quint64>(in.file.pos());
    if (reply.error() != QNetworkReply::NoError && status == 0)
        return networkError(reply);
    if (reply.error() == QNetworkReply::OperationCanceledError)
        return Error{.code = ErrorCode::Timeout, .measured = double(came), .limit = double(in.size)};
    if (status != 0 && status != (in.from > 0 ? 206 : 200))
        return Error{.code = ErrorCode::BadReply, .detail = "HTTP " + std::to_string(status)};
    errno = 0;
    if (!in.file.flush())
        return fileError(ErrorCode::WriteFailed, in.file);
    if (came < in.size)
        return Error{.code = ErrorCode::Disconnected, .measured = double(came), .limit = double(in.size)};
    return std::nullopt;
}

QHttpPart field(const char* name, const QString& value)
{
    QHttpPart part;
    part.setRawHeader("Content-Disposition", QByteArray("form-data; name=\"") + name + "\"");
    part.setBody(value.toUtf8());
    return part;
}

bool isQuotable(const QString& name)
{
    return !name.isEmpty() && std::none_of(name.begin(), name.end(), [](QChar c) {
        return c.unicode() < 0x20 || c.unicode() == 0x7f || c == u'"' || c == u'\\';
    });
}

} // namespace

QCoro::Task<Result<RemoteFile>> MoonrakerDriver::findFile(QString root, QString path)
{
    const QString folder = path.contains(u'/') ? QString(root + u'/' + path.section(u'/', 0, -2)) : root;
    const QJsonObject params{{u"path"_s, folder}, {u"extended"_s, false}};
    const auto answer = co_await ask(this, u"server.files.get_directory"_s, params);
    if (!answer)
        co_return fail(answer.error());
    const QJsonArray files = (*answer)["files"_L1].toArray();
    for (const QJsonValue& item : files) {
        if (item["filename"_L1].toString() != path.section(u'/', -1))
            continue;
        auto file = readFile(item.toObject(), "filename", "result.files");
        if (file)
            file->path = path;
        co_return file;
    }
    co_return fail(about(ErrorCode::FileMissing, path));
}

QCoro::Task<Result<RemoteFile>> MoonrakerDriver::fetch(QString root, QString path, QString localPath, quint64 from,
                                                       Percent progress)
{
    if (m_linkState != LinkState::Connected)
        co_return fail(ErrorCode::Disconnected);
    const auto found = co_await findFile(root, path);
    if (!found)
        co_return fail(found.error());
    const auto in = std::make_shared<Incoming>();
    in->file.setFileName(localPath);
    in->from = from;
    in->size = found->size;
    if (auto error = openLocal(*in))
        co_return fail(std::move(*error));
    if (from < in->size) {
        const QString url = u"/server/files/%1/%2"_s.arg(root, path);
        const std::function<void(Done<std::optional<Error>>)> start = [=, this](const Done<std::optional<Error>>& done) {
            QNetworkRequest request = m_http->request(url);
            request.setRawHeader("Accept-Encoding", "identity"); // byte counts must be those of the file
            if (from > 0)
                request.setRawHeader("Range", "bytes=" + QByteArray::number(from) + "-");
            QNetworkReply* reply = m_http->network().get(request);
            reply->setReadBufferSize(4 * chunk);
            connect(reply, &QNetworkReply::readyRead, this, [=] {
                in->take(*reply);
                progress(in->file.pos(), static_cast<qint64>(in->size));
            });
            connect(reply, &QNetworkReply::finished, this, [=, this] {
                reply->deleteLater();
                if (!in->error && reply->isOpen() && reply->bytesAvailable() > 0)
                    in->take(*reply);
                done(outcome(*in, *reply, m_http->isAborting(), path));
            });
        };
        auto error = co_await guarded<std::optional<Error>>(this, start);
        if (error && error->code == ErrorCode::Unauthorized && m_http->canRefresh() && in->file.pos() == qint64(from)) {
            if (const auto renewed = co_await m_http->refresh(); !renewed)
                co_return fail(renewed.error());
            in->refusal.clear();
            error = co_await guarded<std::optional<Error>>(this, start);
        }
        if (error)
            co_return fail(std::move(*error));
    }
    in->file.close();
    const auto after = co_await findFile(root, path);
    if (!after)
        co_return fail(after.error().code == ErrorCode::FileMissing ? about(ErrorCode::FileChanged, path) : after.error());
    if (after->size != found->size || after->modified != found->modified)
        co_return fail(about(ErrorCode::FileChanged, path));
    co_return *after;
}

/// One request each: a server that ignores Range would send the whole file, so a piece is never longer than asked.
QCoro::Task<Result<std::vector<QByteArray>>> MoonrakerDriver::pieces(QString root, QString path, std::vector<Block> blocks)
{
    if (m_linkState != LinkState::Connected)
        co_return fail(ErrorCode::Disconnected);
    std::vector<QByteArray> found;
    const QString url = u"/server/files/%1/%2"_s.arg(root, path);
    for (const Block& block : blocks) {
        if (block.size == 0) {
            found.emplace_back();
            continue;
        }
        const QByteArray range = QByteArray::number(block.begin) + '-' + QByteArray::number(block.begin + block.size - 1);
        const MoonrakerHttp::Start start = [this, range, block](QNetworkRequest request) {
            request.setRawHeader("Accept-Encoding", "identity");
            request.setRawHeader("Range", "bytes=" + range);
            QNetworkReply* reply = m_http->network().get(request);
            connect(reply, &QNetworkReply::downloadProgress, reply, [reply, block](qint64 came, qint64) {
                if (came > static_cast<qint64>(block.size))
                    reply->abort();
            });
            return reply;
        };
        const auto answer = co_await m_http->exchange(url, start);
        if (!answer)
            co_return fail(answer.error());
        if (answer->status == 404)
            co_return fail(about(ErrorCode::FileMissing, path));
        // Moonraker answers 200 to a range that is the whole file.
        const bool isPiece = answer->status == 206 || (answer->status == 200 && block.begin == 0);
        if (!isPiece || answer->body.size() != static_cast<qsizetype>(block.size))
            co_return fail(about(answer->status < 400 || answer->status == 416 ? ErrorCode::FileChanged : ErrorCode::BadReply, path));
        found.push_back(answer->body);
    }
    co_return found;
}

QCoro::Task<Result<RemoteFile>> MoonrakerDriver::send(QString localPath, QString root, QString path, bool overwrite,
                                                      Percent progress)
{
    if (m_linkState != LinkState::Connected)
        co_return fail(ErrorCode::Disconnected);
    if (!isQuotable(path))
        co_return fail(Error{.code = ErrorCode::BadValue, .file = path.toStdString(), .field = "path"});
    QFile file(localPath);
    if (!file.open(QIODevice::ReadOnly))
        co_return fail(fileError(file.exists() ? ErrorCode::FileUnreadable : ErrorCode::FileMissing, file));
    const qint64 size = file.size();
    if (!overwrite) {
        const auto target = co_await findFile(root, path);
        if (target)
            co_return fail(about(ErrorCode::FileExists, path));
        if (target.error().code != ErrorCode::FileMissing)
            co_return fail(target.error());
    }
    QCryptographicHash hash(QCryptographicHash::Sha256);
    while (!file.atEnd()) {
        const QByteArray bytes = file.read(chunk);
        if (bytes.isEmpty())
            co_return fail(fileError(ErrorCode::FileUnreadable, file));
        hash.addData(bytes);
        // A large file is hashed over many turns of the loop, so the link is served meanwhile.
        const std::function<void(Done<bool>)> turn = [this](const Done<bool>& done) {
            QMetaObject::invokeMethod(this, [done] { done(true); }, Qt::QueuedConnection);
        };
        co_await guarded<bool>(this, turn);
    }
    const QString checksum = QString::fromLatin1(hash.result().toHex());
    const MoonrakerHttp::Start start = [=, this](QNetworkRequest request) {
        auto* form = new QHttpMultiPart(QHttpMultiPart::FormDataType);
        form->append(field("root", root));
        if (path.contains(u'/'))
            form->append(field("path", path.section(u'/', 0, -2)));
        form->append(field("checksum", checksum));
        auto* body = new QFile(localPath, form);
        body->open(QIODevice::ReadOnly);
        QHttpPart part;
        part.setRawHeader("Content-Disposition", "form-data; name=\"file\"; filename=\"" + path.section(u'/', -1).toUtf8() + "\"");
        part.setRawHeader("Content-Type", "application/octet-stream");
        part.setBodyDevice(body);
        form->append(part);
        request.setTransferTimeout(static_cast<int>(m_times.request.count()) * uploadPatience);
        QNetworkReply* reply = m_http->network().post(request, form);
        form->setParent(reply);
        connect(reply, &QNetworkReply::uploadProgress, this, [progress, size](qint64 sent, qint64 total) {
            if (total > 0) // Qt ends with "0 of 0"
                progress(std::min(sent, size), size);
        });
        return reply;
    };
    const auto answer = co_await m_http->exchange(u"/server/files/upload"_s, start);
    if (!answer)
        co_return fail(answer.error());
    auto body = readAnswer(*answer, path);
    if (!body)
        co_return fail(std::move(body.error()));
    const QJsonObject inner = body->contains("result"_L1) ? body->value("result"_L1).toObject() : *body;
    auto stored = readFile(inner.value("item"_L1).toObject(), "path", "item");
    if (stored && stored->size != static_cast<quint64>(size))
        co_return fail(Error{.code = ErrorCode::FileChanged, .file = path.toStdString(), .measured = double(stored->size), .limit = double(size)});
    co_return stored;
}

} // namespace kintsugi::link
