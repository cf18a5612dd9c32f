// SPDX-License-Identifier: GPL-3.0-or-later
#include "welcomepage.h"

#include "theme.h"
#include "ui_welcomepage.h"

namespace kintsugi::ui {

WelcomePage::WelcomePage(QWidget* parent)
    : QWidget(parent)
    , m_ui(std::make_unique<Ui::WelcomePage>())
{
    m_ui->setupUi(this);
    makeHeading(m_ui->heading, 1.8);
    setTone(m_ui->hint, Tone::Dim);
    connect(m_ui->addButton, &QPushButton::clicked, this, &WelcomePage::addPressed);
    connect(m_ui->demoButton, &QPushButton::clicked, this, &WelcomePage::demoPressed);
}

WelcomePage::~WelcomePage() = default;

} // namespace kintsugi::ui
