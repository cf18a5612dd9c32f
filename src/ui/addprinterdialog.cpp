// SPDX-License-Identifier: GPL-3.0-or-later
#include "addprinterdialog.h"

#include <QPushButton>

#include "errortext.h"
#include "theme.h"
#include "ui_addprinterdialog.h"

namespace kintsugi::ui {

AddPrinterDialog::AddPrinterDialog(Workshop& workshop, QWidget* parent)
    : QDialog(parent)
    , m_workshop(workshop)
    , m_ui(std::make_unique<Ui::AddPrinterDialog>())
{
    m_ui->setupUi(this);
    for (QWidget* label : {m_ui->help, m_ui->secretHelp})
        setTone(label, Tone::Dim);
    QPushButton* add = m_ui->buttons->button(QDialogButtonBox::Ok);
    add->setText(tr("Add the printer"));
    add->setEnabled(false);
    m_ui->testButton->setEnabled(false);
    connect(m_ui->address, &QLineEdit::textChanged, this, [this, add](const QString& text) {
        add->setEnabled(!text.trimmed().isEmpty());
        m_ui->testButton->setEnabled(!text.trimmed().isEmpty());
        m_ui->testResult->clear();
    });
    connect(m_ui->testButton, &QPushButton::clicked, this, &AddPrinterDialog::test);
    connect(m_ui->buttons, &QDialogButtonBox::accepted, this, &AddPrinterDialog::add);
    connect(m_ui->buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    resize(fontMetrics().averageCharWidth() * 80, sizeHint().height());
}

AddPrinterDialog::~AddPrinterDialog() = default;

link::Credentials AddPrinterDialog::credentials() const
{
    return {.apiKey = m_ui->apiKey->text(), .user = m_ui->user->text(), .password = m_ui->password->text()};
}

void AddPrinterDialog::tell(const Error& error)
{
    setTone(m_ui->testResult, Tone::Danger);
    m_ui->testResult->setText(app::errorText(error).full());
}

void AddPrinterDialog::tellHost(const link::HostInfo& host)
{
    if (host.state == link::HostState::Unknown)
        return;
    if (host.state == link::HostState::Ready) {
        setTone(m_ui->testResult, Tone::Good);
        m_ui->testResult->setText(tr("Connected. Klipper %1 is ready.").arg(host.softwareVersion));
    } else {
        setTone(m_ui->testResult, Tone::Warning);
        m_ui->testResult->setText(tr("Connected, but Klipper is not ready: %1").arg(host.stateMessage.simplified()));
    }
    endTest();
}

void AddPrinterDialog::test()
{
    auto driver = m_workshop.makeDriver(m_ui->address->text(), credentials());
    if (!driver) {
        tell(driver.error());
        return;
    }
    setTone(m_ui->testResult, Tone::Dim);
    m_ui->testResult->setText(tr("Connecting…"));
    m_ui->testButton->setEnabled(false);
    m_trial = std::move(*driver);
    connect(m_trial.get(), &link::Driver::linkFailed, this, [this](const Error& error) {
        tell(error);
        endTest();
    });
    connect(m_trial.get(), &link::Driver::hostChanged, this, &AddPrinterDialog::tellHost);
    m_trial->open();
}

void AddPrinterDialog::endTest()
{
    m_ui->testButton->setEnabled(true);
    if (!m_trial)
        return;
    m_trial->disconnect(this);
    m_trial.release()->deleteLater(); // it is the one that is speaking just now
}

void AddPrinterDialog::add()
{
    endTest();
    auto session = m_workshop.add(m_ui->name->text(), m_ui->address->text(), credentials());
    if (!session) {
        tell(session.error());
        m_ui->address->setFocus();
        return;
    }
    m_session = *session;
    accept();
}

void AddPrinterDialog::done(int result)
{
    endTest();
    QDialog::done(result);
}

} // namespace kintsugi::ui
