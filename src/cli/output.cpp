// SPDX-License-Identifier: GPL-3.0-or-later
#include "output.h"

#include <cstdio>

#include <QJsonDocument>

#include <unistd.h>

#include "errortext.h"

namespace kintsugi::cli {

using namespace Qt::StringLiterals;

namespace {

void put(std::FILE* stream, const QByteArray& bytes)
{
    std::fwrite(bytes.constData(), 1, static_cast<std::size_t>(bytes.size()), stream);
    std::fflush(stream);
}

void putLine(std::FILE* stream, const QString& text)
{
    put(stream, app::printable(text).toUtf8() + '\n');
}

} // namespace

int exitCodeOf(ErrorCode code)
{
    switch (code) {
    case ErrorCode::BadUsage:
    case ErrorCode::BadAddress: return WrongUsage;
    case ErrorCode::FileMissing:
    case ErrorCode::FileUnreadable:
    case ErrorCode::FileChanged:
    case ErrorCode::FileTooShort:
    case ErrorCode::FileExists:
    case ErrorCode::FileNotGcode:
    case ErrorCode::FileDamaged:
    case ErrorCode::BadByte:
    case ErrorCode::BeforeFirstExtrusion:
    case ErrorCode::AfterLastExtrusion:
    case ErrorCode::NotSupported:
    case ErrorCode::BadValue:
    case ErrorCode::TornText: return BadInput;
    case ErrorCode::Unreachable:
    case ErrorCode::Timeout:
    case ErrorCode::Disconnected:
    case ErrorCode::Unauthorized:
    case ErrorCode::BadReply:
    case ErrorCode::Refused:
    case ErrorCode::KlippyNotReady:
    case ErrorCode::Busy:
    case ErrorCode::Cancelled: return PrinterFailed;
    case ErrorCode::UnknownState:
    case ErrorCode::Unsafe:
    case ErrorCode::GateBlocked: return StoppedByGate;
    case ErrorCode::DiskFull:
    case ErrorCode::WriteFailed:
    case ErrorCode::StoreUnavailable:
    case ErrorCode::StoreDamaged:
    case ErrorCode::StoreTooNew: return DiskOrStore;
    }
    return BadInput;
}

void Output::document(const QJsonObject& document)
{
    if (!m_json || std::exchange(m_written, true))
        return;
    put(stdout, QJsonDocument(document).toJson());
}

void Output::line(const QString& text) const
{
    if (!m_json)
        putLine(stdout, text);
}

void Output::text(const QString& block) const
{
    for (const QString& one : block.split(u'\n'))
        line(one);
}

void Output::note(const QString& text) const
{
    putLine(stderr, text);
}

void Output::warning(const QString& text) const
{
    putLine(stderr, u"warning: "_s + text);
}

void Output::progress(const QString& what, double fraction) const
{
    const bool terminal = ::isatty(STDERR_FILENO) == 1;
    const int percent = static_cast<int>(fraction * 100);
    const int step = terminal ? percent : percent / 10;
    if (!(terminal || m_progress) || step == m_shown)
        return;
    m_shown = step;
    const QByteArray text = u"%1 %2 %"_s.arg(what).arg(terminal ? percent : step * 10).toUtf8();
    put(stderr, terminal ? QByteArray("\r" + text) : QByteArray(text + '\n'));
}

void Output::progressDone() const
{
    if (m_shown >= 0 && ::isatty(STDERR_FILENO) == 1)
        put(stderr, "\r\x1B[K");
    m_shown = -1;
}

int Output::error(const Error& error, QJsonObject document)
{
    const app::ErrorText words = app::errorText(error);
    putLine(stderr, u"error: "_s + words.full());
    document.insert(u"error"_s, QJsonObject{{u"what"_s, words.what}, {u"what_to_do"_s, words.whatToDo}});
    this->document(document);
    return exitCodeOf(error.code);
}

void Output::finish()
{
    if (m_json && !m_written)
        error({.code = ErrorCode::Cancelled});
}

} // namespace kintsugi::cli
