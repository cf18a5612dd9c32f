// SPDX-License-Identifier: GPL-3.0-or-later
#include "openfile.h"

#include "filecache.h"
#include "unixsignals.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

Result<gcode::Indexed> openWith(gcode::OpenOptions options, const Output& out, const std::string& path, gcode::Dialect dialect)
{
    options.cacheFolder = app::FileCache::indexFolder(app::FileCache::defaultFolder()).toStdString();
    options.progress = [&out](double fraction) {
        out.progress(u"reading"_s, fraction);
        return !UnixSignals::wasInterrupted();
    };
    auto opened = gcode::openIndexed(path, dialect, options);
    out.progressDone();
    return opened;
}

} // namespace

Result<gcode::Indexed> openFile(const Output& out, const std::string& path, gcode::Dialect dialect)
{
    return openWith({}, out, path, dialect);
}

Result<gcode::Indexed> openAnew(const Output& out, const std::string& path, gcode::Dialect dialect)
{
    out.warning(u"%1 has changed since it was read last; it is read again"_s.arg(QString::fromStdString(path)));
    gcode::OpenOptions options;
    options.believe = false;
    return openWith(std::move(options), out, path, dialect);
}

Result<> checkOutName(const std::string& out, gcode::Container written)
{
    const QString name = QString::fromStdString(out).toLower();
    const bool binary = name.endsWith(u".bgcode"_s) || name.endsWith(u".bgc"_s);
    if (written == gcode::Container::BinaryGcode && !binary)
        return fail(Error{.code = ErrorCode::BadUsage, .detail = "binary G-code is written: choose a name that ends in .bgcode", .field = "--out"});
    if (written == gcode::Container::None && (binary || name.endsWith(u".gz"_s)))
        return fail(Error{.code = ErrorCode::BadUsage, .detail = "plain text is written: choose a name that ends in .gcode", .field = "--out"});
    return {};
}

} // namespace kintsugi::cli
