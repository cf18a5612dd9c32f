// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QByteArray>
#include <QCryptographicHash>
#include <QHash>
#include <QTemporaryFile>

namespace kintsugi::sim {

/// Push parser of multipart/form-data. The part with a file name goes to a temporary file in `folder` while it
/// arrives and is hashed on the way; the small fields are kept.
class MultipartReader
{
public:
    MultipartReader(const QByteArray& contentType, const QString& folder);

    void feed(QByteArrayView bytes);

    [[nodiscard]] bool complete() const { return m_state == State::End && m_file; }
    [[nodiscard]] bool writeFailed() const { return m_writeFailed; }
    [[nodiscard]] QString field(const QString& name) const { return m_fields.value(name); }
    [[nodiscard]] QString fileName() const { return m_fileName; }
    [[nodiscard]] QByteArray sha256() const { return m_hash.result().toHex(); }
    [[nodiscard]] std::unique_ptr<QTemporaryFile> takeFile() { return std::move(m_file); }

private:
    enum class State { Preamble, Headers, Content, End, Broken };

    bool step();
    bool readHeaders();
    void content(QByteArrayView bytes);
    void endPart();

    State m_state = State::Preamble;
    QByteArray m_delimiter, m_pending;
    QString m_folder, m_name, m_fileName;
    bool m_inFile = false, m_writeFailed = false;
    QByteArray m_value;
    QHash<QString, QString> m_fields;
    std::unique_ptr<QTemporaryFile> m_file;
    QCryptographicHash m_hash{QCryptographicHash::Sha256};
};

} // namespace kintsugi::sim
