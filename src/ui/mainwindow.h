// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <unordered_map>

#include <QMainWindow>

#include "workshop.h"

class QAction;
class QPushButton;

namespace kintsugi::ui {

namespace Ui {
class MainWindow;
}
class FileWindow;
class MessageBar;
class PrinterHeader;
class PrinterPage;

/// Assembles: printers on the left, the page of the chosen one, its header and the emergency stop in the tool bar.
class MainWindow final : public QMainWindow
{
    Q_OBJECT
public:
    explicit MainWindow(Workshop& workshop, QWidget* parent = nullptr);
    ~MainWindow() override;

    [[nodiscard]] PrinterPage* page() const; ///< of the chosen printer, nullptr = welcome
    [[nodiscard]] PrinterPage* pageOf(app::Session& session) const;
    void choose(app::Session* session);
    void tryDemo();
    FileWindow* openFile(const QString& path); ///< in a window of its own
    void showError(const Error& error);

protected:
    void changeEvent(QEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void paintStopButton();
    void makeToolBar();
    void makeList();
    void addPage(app::Session* session);
    void dropPage(app::Session* session);
    void showChosen();
    void addPrinter();
    void askFile();
    void removePrinter();
    [[nodiscard]] app::Session* chosen() const;

    Workshop& m_workshop;
    std::unique_ptr<Ui::MainWindow> m_ui;
    std::unordered_map<app::Session*, PrinterPage*> m_pages;
    PrinterHeader* m_header;
    MessageBar* m_message;
    QAction* m_stop;
    QPushButton* m_stopButton;
};

} // namespace kintsugi::ui
