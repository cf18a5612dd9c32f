// SPDX-License-Identifier: GPL-3.0-or-later
#include "httpmultipart.h"

#include <QDir>
#include <QRegularExpression>

using namespace Qt::StringLiterals;

namespace kintsugi::sim {

namespace {

constexpr qsizetype maxHeaders = 16 * 1024, maxField = 64 * 1024;

QString parameter(const QString& header, const QString& name)
{
    const QRegularExpression pattern(uR"re((?:^|[;\s])%1=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+)))re"_s.arg(name),
                                     QRegularExpression::CaseInsensitiveOption);
    const auto match = pattern.match(header);
    QString value = match.captured(1).isEmpty() ? match.captured(2) : match.captured(1);
    return value.replace(uR"(\")"_s, u"\""_s).replace(uR"(\\)"_s, uR"(\)"_s);
}

} // namespace

MultipartReader::MultipartReader(const QByteArray& contentType, const QString& folder)
    : m_delimiter("\r\n--" + parameter(QString::fromUtf8(contentType), u"boundary"_s).toUtf8())
    , m_pending("\r\n"_ba) // the first delimiter may stand at the very start
    , m_folder(folder)
{
    if (m_delimiter.size() <= 4)
        m_state = State::Broken;
}

void MultipartReader::feed(QByteArrayView bytes)
{
    if (m_state == State::End || m_state == State::Broken)
        return;
    m_pending.append(bytes);
    while (step()) {
    }
}

bool MultipartReader::step()
{
    if (m_state == State::Headers)
        return readHeaders();
    if (m_state == State::End || m_state == State::Broken)
        return false;
    const auto at = m_pending.indexOf(m_delimiter);
    if (at < 0) {
        // What could be the beginning of a delimiter stays for the next bytes.
        const auto sure = m_pending.size() - m_delimiter.size();
        if (sure > 0) {
            content(QByteArrayView(m_pending).first(sure));
            m_pending.remove(0, sure);
        }
        return false;
    }
    const auto after = at + m_delimiter.size();
    if (m_pending.size() < after + 2)
        return false;
    content(QByteArrayView(m_pending).first(at));
    if (m_state == State::Content)
        endPart();
    m_state = QByteArrayView(m_pending).sliced(after, 2) == "--" ? State::End : State::Headers;
    m_pending.remove(0, after + 2);
    return m_state == State::Headers;
}

bool MultipartReader::readHeaders()
{
    const auto end = m_pending.indexOf("\r\n\r\n");
    if (end < 0) {
        if (m_pending.size() > maxHeaders)
            m_state = State::Broken;
        return false;
    }
    m_name.clear();
    m_inFile = false;
    const QStringList lines = QString::fromUtf8(m_pending.first(end)).split(u"\r\n"_s);
    for (const QString& line : lines) {
        if (!line.startsWith("content-disposition:"_L1, Qt::CaseInsensitive))
            continue;
        m_name = parameter(line, u"name"_s);
        m_inFile = line.contains("filename="_L1) && !m_file;
        if (m_inFile)
            m_fileName = parameter(line, u"filename"_s);
    }
    if (m_inFile) {
        QDir().mkpath(m_folder);
        m_file = std::make_unique<QTemporaryFile>(m_folder + u"/upload-XXXXXX"_s);
        m_writeFailed = !m_file->open();
    }
    m_value.clear();
    m_pending.remove(0, end + 4);
    m_state = State::Content;
    return true;
}

void MultipartReader::content(QByteArrayView bytes)
{
    if (m_state != State::Content)
        return;
    if (m_inFile) {
        m_hash.addData(bytes);
        m_writeFailed = m_writeFailed || m_file->write(bytes.data(), bytes.size()) != bytes.size();
    } else if (m_value.size() + bytes.size() > maxField) {
        m_state = State::Broken;
    } else {
        m_value.append(bytes);
    }
}

void MultipartReader::endPart()
{
    if (m_inFile)
        m_writeFailed = !m_file->flush() || m_writeFailed;
    else
        m_fields.insert(m_name, QString::fromUtf8(m_value));
}

} // namespace kintsugi::sim
