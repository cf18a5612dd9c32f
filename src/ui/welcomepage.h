// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>

#include <QWidget>

namespace kintsugi::ui {

namespace Ui {
class WelcomePage;
}

/// First start: no printer yet.
class WelcomePage final : public QWidget
{
    Q_OBJECT
public:
    explicit WelcomePage(QWidget* parent = nullptr);
    ~WelcomePage() override;

signals:
    void addPressed();
    void demoPressed();

private:
    std::unique_ptr<Ui::WelcomePage> m_ui;
};

} // namespace kintsugi::ui
