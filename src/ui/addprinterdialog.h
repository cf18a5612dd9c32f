// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QDialog>

#include "workshop.h"

namespace kintsugi::ui {

namespace Ui {
class AddPrinterDialog;
}

/// Asks for address, name and secrets, and tries the connection with queries only.
class AddPrinterDialog final : public QDialog
{
    Q_OBJECT
public:
    explicit AddPrinterDialog(Workshop& workshop, QWidget* parent = nullptr);
    ~AddPrinterDialog() override;
    [[nodiscard]] app::Session* session() const { return m_session; } ///< after accepted

protected:
    void done(int result) override;

private:
    [[nodiscard]] link::Credentials credentials() const;
    void test();
    void tell(const Error& error);
    void tellHost(const link::HostInfo& host);
    void add();
    void endTest();

    Workshop& m_workshop;
    std::unique_ptr<Ui::AddPrinterDialog> m_ui;
    std::unique_ptr<link::Driver> m_trial;
    app::Session* m_session = nullptr;
};

} // namespace kintsugi::ui
