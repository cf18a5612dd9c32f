// SPDX-License-Identifier: GPL-3.0-or-later
#include "errortext.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

class Words
{
    Q_DECLARE_TR_FUNCTIONS(ErrorText)
public:
    static QString what(const Error& error);
    static QString whatToDo(ErrorCode code);
    static QString place(const Error& error);

private:
    static QString file(const Error& error);
    static QString fileProblem(const Error& error);
    static QString linkProblem(const Error& error);
};

QString outside(const std::string& text)
{
    return printable(QString::fromStdString(text));
}

QString Words::file(const Error& error)
{
    return error.file.empty() ? tr("The file") : tr("The file \"%1\"").arg(outside(error.file));
}

QString Words::fileProblem(const Error& error)
{
    const QString name = file(error);
    if (error.code == ErrorCode::FileMissing)
        return tr("%1 does not exist.").arg(name);
    if (error.code == ErrorCode::FileUnreadable)
        return tr("%1 cannot be read.").arg(name);
    if (error.code == ErrorCode::FileChanged)
        return tr("%1 has changed since it was first read.").arg(name);
    if (error.code == ErrorCode::FileTooShort)
        return tr("%1 is shorter than expected.").arg(name);
    if (error.code == ErrorCode::FileExists)
        return tr("%1 exists already.").arg(name);
    if (error.code == ErrorCode::FileNotGcode)
        return tr("%1 does not contain G-code text.").arg(name);
    if (error.code == ErrorCode::FileDamaged)
        return tr("%1 is damaged.").arg(name);
    if (error.code == ErrorCode::WriteFailed)
        return tr("%1 cannot be written.").arg(name);
    if (!error.file.empty() && error.limit)
        return tr("%1 does not fit on the disk: it needs %2 bytes.").arg(name, QString::fromStdString(decimal(*error.limit)));
    return tr("The disk is full.");
}

QString Words::linkProblem(const Error& error)
{
    const QString detail = outside(error.detail);
    if (error.code == ErrorCode::Refused)
        return detail.isEmpty() ? tr("The printer refused the request.") : tr("The printer refused the request: %1").arg(detail);
    if (error.code == ErrorCode::BadAddress)
        return tr("This is not a printer address.");
    if (error.code == ErrorCode::Unreachable)
        return tr("The printer cannot be reached.");
    if (error.code == ErrorCode::Timeout)
        return tr("The printer did not answer in time.");
    if (error.code == ErrorCode::Disconnected)
        return tr("The connection to the printer was lost.");
    if (error.code == ErrorCode::Unauthorized)
        return tr("The printer does not accept the credentials.");
    if (error.code == ErrorCode::BadReply)
        return tr("The printer's answer makes no sense.");
    if (error.code == ErrorCode::KlippyNotReady)
        return tr("The printer's Klipper host is not ready.");
    return tr("The printer is busy.");
}

QString Words::what(const Error& error)
{
    switch (error.code) {
    case ErrorCode::Cancelled: return tr("The work was cancelled.");
    case ErrorCode::FileMissing:
    case ErrorCode::FileUnreadable:
    case ErrorCode::FileChanged:
    case ErrorCode::FileTooShort:
    case ErrorCode::FileExists:
    case ErrorCode::FileNotGcode:
    case ErrorCode::FileDamaged:
    case ErrorCode::DiskFull:
    case ErrorCode::WriteFailed: return fileProblem(error);
    case ErrorCode::BadByte: return tr("This place lies outside the file.");
    case ErrorCode::BeforeFirstExtrusion: return tr("Nothing has been printed yet at this place.");
    case ErrorCode::AfterLastExtrusion: return tr("Nothing is left to print after this place.");
    case ErrorCode::UnknownState: return tr("A part of the printer's state is not known, and the print cannot go on without it.");
    case ErrorCode::NotSupported: return tr("This is not supported.");
    case ErrorCode::Unsafe: return tr("This would not be safe.");
    case ErrorCode::GateBlocked: return tr("The checks before the start found something that must be settled first.");
    case ErrorCode::BadValue: return tr("A value is wrong.");
    case ErrorCode::TornText: return tr("The text ends in the middle.");
    case ErrorCode::BadAddress:
    case ErrorCode::Unreachable:
    case ErrorCode::Timeout:
    case ErrorCode::Disconnected:
    case ErrorCode::Unauthorized:
    case ErrorCode::BadReply:
    case ErrorCode::Refused:
    case ErrorCode::KlippyNotReady:
    case ErrorCode::Busy: return linkProblem(error);
    case ErrorCode::StoreUnavailable: return tr("The history cannot be opened or written.");
    case ErrorCode::StoreDamaged:
        return error.file.empty() ? tr("The history file is damaged.")
                                  : tr("The history file was damaged. It was kept as \"%1\" and a new one was begun.").arg(outside(error.file));
    case ErrorCode::StoreTooNew: return tr("The history was written by a newer version of this program.");
    case ErrorCode::BadUsage: return tr("The command was not understood.");
    }
    return {};
}

QString Words::whatToDo(ErrorCode code)
{
    switch (code) {
    case ErrorCode::Cancelled: return tr("Start it again when you want it.");
    case ErrorCode::FileMissing: return tr("Check the name and that the disk or printer that holds it is there.");
    case ErrorCode::FileUnreadable: return tr("Check the permissions of the file and its folder.");
    case ErrorCode::FileChanged: return tr("Open it again and choose the place anew; nothing was written.");
    case ErrorCode::FileTooShort: return tr("Compare its size with the file that was printed; it may have been cut.");
    case ErrorCode::FileExists: return tr("Choose another name; files are never replaced.");
    case ErrorCode::FileNotGcode: return tr("Choose the sliced file (.gcode, .gcode.gz or .bgcode).");
    case ErrorCode::FileDamaged: return tr("Copy it again from where it was sliced, or slice it again.");
    case ErrorCode::DiskFull: return tr("Free some space, then do it again; only what is being recorded waits in memory and is written by itself.");
    case ErrorCode::WriteFailed: return tr("Check the permissions of the folder and choose another place.");
    case ErrorCode::BadByte: return tr("Choose a byte, line, layer or height inside the file.");
    case ErrorCode::BeforeFirstExtrusion: return tr("Choose a later place, or print the file from its start.");
    case ErrorCode::AfterLastExtrusion: return tr("Choose an earlier place; the part may be complete.");
    case ErrorCode::UnknownState: return tr("Enter the missing value with a reason, or choose another place.");
    case ErrorCode::NotSupported: return tr("Use another way or another printer connection for this.");
    case ErrorCode::Unsafe: return tr("Change what the message names; there is no way around this check.");
    case ErrorCode::GateBlocked: return tr("Read the blocked checks; each says what to do.");
    case ErrorCode::BadValue: return tr("Correct the value that is named and try again.");
    case ErrorCode::TornText: return tr("Put back a complete copy; a power cut may have shortened it.");
    case ErrorCode::BadAddress: return tr("Write it like moonraker://host:7125 or demo:, without a password.");
    case ErrorCode::Unreachable: return tr("Check that the printer is on, and its address and network.");
    case ErrorCode::Timeout: return tr("Check the network and the load of the printer's host, then try again.");
    case ErrorCode::Disconnected: return tr("It is connected again by itself; read the printer's state before you go on.");
    case ErrorCode::Unauthorized: return tr("Enter the API key or the login of this printer.");
    case ErrorCode::BadReply: return tr("Check the versions of the programs on the printer, and its log.");
    case ErrorCode::Refused: return tr("Settle what the printer names, then try again.");
    case ErrorCode::KlippyNotReady: return tr("Wait until it has started, or restart it after you have read its message.");
    case ErrorCode::Busy: return tr("Wait until it is free, or end the other program that uses it.");
    case ErrorCode::StoreUnavailable: return tr("Check that its folder or server can be reached and written; recording goes on in memory meanwhile.");
    case ErrorCode::StoreDamaged: return tr("Keep the old file: its undamaged parts may still be read with a database tool.");
    case ErrorCode::StoreTooNew: return tr("Install the newer version, or choose another history file.");
    case ErrorCode::BadUsage: return tr("See --help.");
    }
    return {};
}

QString Words::place(const Error& error)
{
    QStringList parts;
    const bool fileSaid = error.file.empty() || error.code == ErrorCode::StoreDamaged
                          || (error.code >= ErrorCode::FileMissing && error.code <= ErrorCode::WriteFailed
                              && (error.code != ErrorCode::DiskFull || error.limit));
    if (!fileSaid)
        parts << outside(error.file);
    if (!error.field.empty())
        parts << tr("field %1").arg(outside(error.field));
    if (error.line)
        parts << tr("line %1").arg(QString::number(*error.line));
    if (error.byte)
        parts << tr("byte %1").arg(QString::number(*error.byte));
    const bool limitSaid = error.code == ErrorCode::DiskFull;
    if (error.measured && !limitSaid)
        parts << tr("measured %1").arg(QString::fromStdString(decimal(*error.measured)));
    if (error.limit && !limitSaid)
        parts << tr("limit %1").arg(QString::fromStdString(decimal(*error.limit)));
    if (!error.detail.empty() && error.code != ErrorCode::Refused)
        parts << outside(error.detail);
    if (!error.reason.pattern.empty())
        parts << text(error.reason);
    return parts.join(u"; "_s);
}

bool isUnseen(char32_t c)
{
    const bool control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
    const bool direction = c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
    return control || direction || c == 0xfeff;
}

} // namespace

ErrorText errorText(const Error& error)
{
    const QString place = Words::place(error);
    QString what = Words::what(error);
    if (!place.isEmpty())
        what += u" ("_s + place + u")"_s;
    return {what, Words::whatToDo(error.code)};
}

QString text(const Message& message)
{
    const QString pattern = QCoreApplication::translate("core", message.pattern.c_str());
    QString out;
    for (qsizetype i = 0; i < pattern.size(); ++i) {
        const bool placeholder = pattern[i] == u'%' && i + 1 < pattern.size() && pattern[i + 1] >= u'1' && pattern[i + 1] <= u'9';
        if (!placeholder) {
            out += pattern[i];
            continue;
        }
        const auto index = static_cast<std::size_t>(pattern[++i].unicode() - u'1');
        if (index < message.arguments.size())
            out += outside(message.arguments[index]);
    }
    return out;
}

QString printable(const QString& text)
{
    QString out;
    out.reserve(text.size());
    for (const QChar c : text) {
        const char16_t unit = c.unicode();
        if (!isUnseen(unit))
            out += c;
        else if (unit < 0x100)
            out += u"\\x"_s + QString::number(unit, 16).rightJustified(2, u'0');
        else
            out += u"\\u"_s + QString::number(unit, 16).rightJustified(4, u'0');
    }
    return out;
}

} // namespace kintsugi::app
