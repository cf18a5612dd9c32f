// SPDX-License-Identifier: GPL-3.0-or-later
#include "openfile.h"

#include "filecache.h"
#include "unixsignals.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

Result<gcode::Indexed> openFile(const Output& out, const std::string& path, gcode::Dialect dialect)
{
    gcode::OpenOptions options{.cacheFolder = app::FileCache::indexFolder(app::FileCache::defaultFolder()).toStdString()};
    options.progress = [&out](double fraction) {
        out.progress(u"reading"_s, fraction);
        return !UnixSignals::wasInterrupted();
    };
    auto opened = gcode::openIndexed(path, dialect, options);
    out.progressDone();
    return opened;
}

} // namespace kintsugi::cli
