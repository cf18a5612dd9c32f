// SPDX-License-Identifier: GPL-3.0-or-later
#include <filesystem>

#include <QDir>
#include <QFileInfo>
#include <QJsonDocument>
#include <QUrl>

#include "moonrakersimserver.h"

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

const QString filesPrefix = u"/server/files/"_s;

QJsonObject parametersOf(const HttpRequest& request)
{
    QJsonObject params = QJsonDocument::fromJson(request.body).object();
    for (const auto& [name, value] : request.query.queryItems(QUrl::FullyDecoded)) {
        if (name != "token"_L1)
            params.insert(name, value);
    }
    return params;
}

/// `?toolhead&print_stats=state,filename` names objects and, after '=', their fields.
QJsonObject objectsOf(const HttpRequest& request)
{
    QJsonObject params = QJsonDocument::fromJson(request.body).object();
    if (params.contains("objects"_L1))
        return params;
    QJsonObject objects;
    for (const auto& [name, value] : request.query.queryItems(QUrl::FullyDecoded)) {
        if (name == "token"_L1)
            continue;
        const QStringList fields = value.split(u',', Qt::SkipEmptyParts);
        objects.insert(name, fields.isEmpty() ? QJsonValue() : QJsonValue(QJsonArray::fromStringList(fields)));
    }
    return {{u"objects"_s, objects}};
}

HttpResponse plain(const Answer& answer)
{
    return answer.ok() ? HttpResponse::json({{u"result"_s, answer.result}})
                       : HttpResponse::error(answer.error, answer.message, answer.detail);
}

} // namespace

bool MoonrakerSim::Private::admits(const HttpRequest& request)
{
    return access.admits(request.header("x-api-key"_ba), request.header("authorization"_ba),
                         request.argument(u"token"_s));
}

std::unique_ptr<MultipartReader> MoonrakerSim::Private::uploadSink(const HttpRequest& request)
{
    if (request.method != "POST" || request.path != filesPrefix + u"upload"_s)
        return nullptr;
    return std::make_unique<MultipartReader>(request.header("content-type"_ba), options.folder + u"/uploads"_s);
}

void MoonrakerSim::Private::answerHttp(HttpConnection* http, const HttpRequest& request)
{
    const Caller caller{0, admits(request)};
    const bool get = request.method == "GET" || request.method == "HEAD";
    const QString verb = QString::fromLatin1(request.method == "HEAD" ? "GET"_ba : request.method);
    const QString method = routes.value(verb + u' ' + request.path);
    if (!caller.allowed && !openMethods.contains(method))
        return http->respond(HttpResponse::error(401, {}, u"Force Logins Enabled"_s));
    if (http->upload())
        return answerUpload(http);
    if (request.path == "/server/jsonrpc"_L1 && request.method == "POST")
        return answerRpc(http, request, caller);
    const bool file = method.isEmpty() && request.path.startsWith(filesPrefix);
    if (file && get)
        return answerDownload(http, request, request.path.sliced(filesPrefix.size()));
    if (file && request.method == "DELETE")
        return http->respond(plain(files.removeFile({{u"path"_s, request.path.sliced(filesPrefix.size())}})));
    if (method.isEmpty())
        return http->respond(HttpResponse::error(404));
    const bool query = method == "printer.objects.query"_L1;
    const QPointer<HttpConnection> alive(http);
    call(method, query ? objectsOf(request) : parametersOf(request), caller, [alive](const Answer& answer) {
        if (alive)
            alive->respond(plain(answer));
    });
}

void MoonrakerSim::Private::answerDownload(HttpConnection* http, const HttpRequest& request, const QString& name)
{
    const auto place = files.resolve(name);
    const QFileInfo info(place ? place->path : QString());
    if (!info.isFile())
        return http->respond(HttpResponse::error(404));
    const QByteArray encoded = QUrl::toPercentEncoding(info.fileName());
    const double modified = SimFiles::item(info.filePath(), true).value("modified"_L1).toDouble();
    HttpResponse response;
    response.headers = {{"Content-Type"_ba, "text/plain"_ba},
                        {"Accept-Ranges"_ba, "bytes"_ba},
                        {"Last-Modified"_ba, httpDate(modified)},
                        {"Content-Disposition"_ba,
                         "attachment; filename=\"" + info.fileName().toLatin1() + "\"; filename*=UTF-8''" + encoded}};
    FileSlice slice{info.filePath(), 0, info.size()};
    if (const auto range = parseRange(request.header("range"_ba), info.size())) {
        slice.first = range->first;
        slice.length = range->second;
        response.status = range->second > 0 ? 206 : 416;
        const QByteArray bytes = range->second > 0 ? QByteArray::number(slice.first) + '-' +
                                                         QByteArray::number(slice.first + slice.length - 1)
                                                   : "*"_ba;
        response.headers.append({"Content-Range"_ba, "bytes " + bytes + '/' + QByteArray::number(info.size())});
    }
    if (slice.length > 0)
        response.file = slice;
    http->respond(response);
}

void MoonrakerSim::Private::answerUpload(HttpConnection* http)
{
    QString location, toPrint;
    Answer answer = store(*http->upload(), &location, &toPrint);
    const QPointer<HttpConnection> alive(http);
    const auto respond = [this, alive, location](const Answer& stored, bool started) {
        if (!alive)
            return;
        if (!stored.ok())
            return alive->respond(plain(stored));
        QJsonObject body = stored.result.toObject();
        body.insert(u"print_started"_s, started);
        body.insert(u"print_queued"_s, false);
        HttpResponse response = HttpResponse::json(body, 201);
        const QByteArray url = "http://127.0.0.1:" + QByteArray::number(options.port) + filesPrefix.toLatin1();
        response.headers.append({"Location"_ba, url + QUrl::toPercentEncoding(location, "/")});
        alive->respond(response);
    };
    if (!answer.ok() || toPrint.isEmpty())
        return respond(answer, false);
    call(u"printer.print.start"_s, {{u"filename"_s, toPrint}}, {0, true},
         [respond, answer](const Answer& started) { respond(answer, started.ok()); });
}

Answer MoonrakerSim::Private::store(MultipartReader& upload, QString* location, QString* toPrint)
{
    if (upload.writeFailed())
        return Answer::failed(500, u"Unable to save file"_s);
    if (!upload.complete() || upload.fileName().isEmpty())
        return Answer::failed(400, u"No file name specified in upload form"_s);
    const QString expected = upload.field(u"checksum"_s).toLower();
    const QString calculated = QString::fromLatin1(upload.sha256());
    if (!expected.isEmpty() && expected != calculated)
        return Answer::failed(422, {},
                              u"File checksum mismatch: expected %1, calculated %2"_s.arg(expected, calculated));
    const QString root = upload.field(u"root"_s).isEmpty() ? u"gcodes"_s : upload.field(u"root"_s).toLower();
    const auto place = files.resolve(root + u'/' + upload.field(u"path"_s) + u'/' + upload.fileName());
    if (!place || place->root != root || place->relative.isEmpty() || !files.writable(root))
        return Answer::failed(400, u"Cannot write to path: %1/%2"_s.arg(root, upload.fileName()));
    if (inUse(place->path))
        return Answer::failed(403, u"File is loaded, upload not permitted"_s);
    QDir().mkpath(QFileInfo(place->path).path());
    const auto file = upload.takeFile();
    file->setAutoRemove(false);
    file->setPermissions(QFile::ReadOwner | QFile::WriteOwner | QFile::ReadGroup | QFile::ReadOther);
    std::error_code error;
    std::filesystem::rename(file->fileName().toStdString(), place->path.toStdString(), error);
    if (error) {
        file->remove();
        return Answer::failed(500, u"Unable to save file"_s);
    }
    stamp(place->path);
    *location = place->root + u'/' + place->relative;
    if (upload.field(u"print"_s) == "true"_L1 && root == "gcodes"_L1)
        *toPrint = place->relative;
    const QJsonObject change = files.change(u"create_file"_s, *place);
    filesChanged(change);
    return Answer::done(change);
}

} // namespace kintsugi::sim
