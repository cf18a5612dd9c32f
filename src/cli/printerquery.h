// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QTimer>

#include "printerchoice.h"

namespace kintsugi::cli {

/// A short visit: connects to one printer, says so once or fails once. Sends only queries.
class PrinterQuery final : public QObject
{
    Q_OBJECT
public:
    explicit PrinterQuery(Environment& environment, QObject* parent = nullptr);
    ~PrinterQuery() override;
    void open(const std::string& printer, const std::string& keyFile);
    [[nodiscard]] const app::Profile& profile() const { return m_profile; }
    [[nodiscard]] link::Driver& driver() { return *m_driver; }

signals:
    void connected(); ///< the host's state is known and is not "starting"
    void failed(const kintsugi::Error& error);

private:
    void begin();
    void look();
    void fails(const Error& error);

    Environment& m_environment;
    app::Profile m_profile;
    std::unique_ptr<link::Driver> m_driver;
    QTimer m_patience;
    Error m_why{.code = ErrorCode::Timeout};
    bool m_done = false;
};

} // namespace kintsugi::cli
