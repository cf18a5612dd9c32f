// SPDX-License-Identifier: GPL-3.0-or-later
#include "mainwindow.h"

#include <QAction>
#include <QApplication>
#include <QDropEvent>
#include <QFileDialog>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QScreen>
#include <QShortcut>
#include <QToolButton>

#include "addprinterdialog.h"
#include "democontrols.h"
#include "filewindow.h"
#include "messagebar.h"
#include "printerdelegate.h"
#include "printerheader.h"
#include "printerpage.h"
#include "shapes.h"
#include "theme.h"
#include "ui_mainwindow.h"
#include "uitext.h"
#include "welcomepage.h"

namespace kintsugi::ui {

MainWindow::MainWindow(Workshop& workshop, QWidget* parent)
    : QMainWindow(parent)
    , m_workshop(workshop)
    , m_ui(std::make_unique<Ui::MainWindow>())
    , m_header(new PrinterHeader(this))
    , m_message(new MessageBar(this))
    , m_stop(new QAction(tr("Emergency stop"), this))
    , m_stopButton(new QPushButton(this))
{
    m_ui->setupUi(this);
    m_ui->outer->insertWidget(0, m_message);
    m_ui->split->setStretchFactor(1, 1);
    m_ui->split->setSizes({fontMetrics().averageCharWidth() * 26, fontMetrics().averageCharWidth() * 164});
    setTone(m_ui->listLabel, Tone::Dim);
    makeToolBar();
    makeList();
    auto* welcome = new WelcomePage(m_ui->pages);
    m_ui->pages->addWidget(welcome);
    connect(welcome, &WelcomePage::addPressed, this, &MainWindow::addPrinter);
    connect(welcome, &WelcomePage::demoPressed, this, &MainWindow::tryDemo);
    connect(&workshop, &Workshop::added, this, &MainWindow::addPage);
    connect(&workshop, &Workshop::aboutToRemove, this, &MainWindow::dropPage);
    connect(&workshop, &Workshop::failed, this, &MainWindow::showError);
    for (int row = 0; row < workshop.printers().rowCount(); ++row)
        addPage(workshop.printers().at(row));
    showChosen();
    setAcceptDrops(true);
    const QSize wanted(fontMetrics().averageCharWidth() * 190, fontMetrics().height() * 52);
    resize(wanted.boundedTo(screen()->availableSize())); // the emergency stop is at the right end
}

MainWindow::~MainWindow()
{
    for (const auto& [session, page] : m_pages)
        delete page; // before the sessions they show
}

void MainWindow::makeToolBar()
{
    m_ui->toolBar->toggleViewAction()->setEnabled(false); // the emergency stop cannot be hidden
    m_ui->toolBar->setContextMenuPolicy(Qt::PreventContextMenu);
    setContextMenuPolicy(Qt::NoContextMenu);
    m_ui->toolBar->addWidget(m_header);
    m_ui->toolBar->addWidget(m_stopButton);
    m_stop->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_E));
    m_stop->setShortcutContext(Qt::ApplicationShortcut);
    addAction(m_stop);
    m_stopButton->setText(tr("Emergency stop"));
    m_stopButton->setAccessibleDescription(tr("Ctrl+Shift+E. Everything off at once, heaters too"));
    m_stopButton->setToolTip(m_stopButton->accessibleDescription());
    m_stopButton->setFont(bold(font()));
    paintStopButton();
    m_stopButton->setAutoDefault(false);
    connect(m_stopButton, &QPushButton::clicked, m_stop, &QAction::trigger);
    connect(m_stop, &QAction::changed, this, [this] { m_stopButton->setEnabled(m_stop->isEnabled()); });
    connect(m_stop, &QAction::triggered, this, [this] {
        if (app::Session* session = chosen())
            session->emergencyStop();
    });
}

void MainWindow::paintStopButton()
{
    const Colours c = colours(QApplication::palette());
    QPalette face = QApplication::palette(m_stopButton);
    for (const auto group : {QPalette::Active, QPalette::Inactive}) {
        face.setColor(group, QPalette::Button, c.danger);
        face.setColor(group, QPalette::ButtonText, c.dangerText);
    }
    m_stopButton->setPalette(face);
    m_stopButton->setIcon(shapeIcon(Shape::Hexagon, c.dangerText, fontMetrics().height()));
}

void MainWindow::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::ApplicationPaletteChange || event->type() == QEvent::PaletteChange)
        paintStopButton();
    QMainWindow::changeEvent(event);
}

void MainWindow::makeList()
{
    QListView* list = m_ui->printers;
    list->setModel(&m_workshop.printers());
    list->setItemDelegate(new PrinterDelegate(list));
    list->setFrameShape(QFrame::NoFrame);
    list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    list->setMinimumWidth(fontMetrics().averageCharWidth() * 22);
    m_ui->left->setMaximumWidth(fontMetrics().averageCharWidth() * 44);
    m_ui->addButton->setIcon(icon(QStringLiteral("add")));
    m_ui->removeButton->setIcon(icon(QStringLiteral("remove")));
    connect(list->selectionModel(), &QItemSelectionModel::currentRowChanged, this, &MainWindow::showChosen);
    connect(m_ui->addButton, &QPushButton::clicked, this, &MainWindow::addPrinter);
    m_ui->openButton->setIcon(icon(QStringLiteral("open")));
    new QShortcut(QKeySequence::Open, this, this, &MainWindow::askFile);
    m_ui->openButton->setToolTip(m_ui->openButton->accessibleDescription());
    connect(m_ui->openButton, &QPushButton::clicked, this, &MainWindow::askFile);
    connect(m_ui->removeButton, &QPushButton::clicked, this, &MainWindow::removePrinter);
    m_ui->drillButton->setToolTip(m_ui->drillButton->accessibleDescription());
    connect(m_ui->drillButton, &QPushButton::clicked, this, [this] {
        if (PrinterPage* shown = page())
            shown->showDrill();
    });
}

app::Session* MainWindow::chosen() const
{
    return m_workshop.printers().at(m_ui->printers->currentIndex().row());
}

PrinterPage* MainWindow::pageOf(app::Session& session) const
{
    const auto it = m_pages.find(&session);
    return it == m_pages.end() ? nullptr : it->second;
}

PrinterPage* MainWindow::page() const
{
    app::Session* session = chosen();
    return session ? pageOf(*session) : nullptr;
}

void MainWindow::addPage(app::Session* session)
{
    auto* page = new PrinterPage(*session, m_workshop.demoControls(*session), m_ui->pages);
    m_pages[session] = page;
    m_ui->pages->addWidget(page);
    if (!chosen())
        choose(session);
    showChosen();
}

void MainWindow::dropPage(app::Session* session)
{
    m_header->follow(nullptr);
    const auto it = m_pages.find(session);
    if (it == m_pages.end())
        return;
    delete it->second;
    m_pages.erase(it);
}

void MainWindow::choose(app::Session* session)
{
    m_ui->printers->setCurrentIndex(m_workshop.printers().index(m_workshop.printers().rowOf(session)));
}

void MainWindow::showChosen()
{
    app::Session* session = chosen();
    m_header->follow(session);
    m_stop->setEnabled(session != nullptr);
    m_ui->removeButton->setEnabled(session != nullptr);
    m_ui->drillButton->setEnabled(session != nullptr);
    PrinterPage* shown = page();
    m_ui->pages->setCurrentWidget(shown ? static_cast<QWidget*>(shown) : m_ui->pages->widget(0));
    setWindowTitle(session ? tr("%1 – Kintsugi").arg(shortened(session->profile().name, 60)) : tr("Kintsugi"));
}

void MainWindow::addPrinter()
{
    auto* dialog = new AddPrinterDialog(m_workshop, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, dialog] { choose(dialog->session()); });
    dialog->open();
}

void MainWindow::askFile()
{
    auto* dialog = new QFileDialog(this, tr("Open G-code"), QString(), tr("G-code (*.gcode *.gco *.g *.bgcode *.gz);;All files (*)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::ExistingFile);
    connect(dialog, &QFileDialog::fileSelected, this, &MainWindow::openFile);
    dialog->open();
}

FileWindow* MainWindow::openFile(const QString& path)
{
    std::vector<app::Profile> printers;
    for (int row = 0; row < m_workshop.printers().rowCount(); ++row)
        printers.push_back(m_workshop.printers().at(row)->profile());
    auto* window = new FileWindow(m_workshop.tools().files, std::move(printers), this);
    window->setAttribute(Qt::WA_DeleteOnClose);
    window->show();
    window->open(path);
    return window;
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event)
{
    const auto urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls.front().isLocalFile())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event)
{
    for (const QUrl& url : event->mimeData()->urls()) {
        if (url.isLocalFile())
            openFile(url.toLocalFile());
    }
    event->acceptProposedAction();
}

void MainWindow::tryDemo()
{
    const auto session = m_workshop.addDemo();
    if (session)
        choose(*session);
    else
        showError(session.error());
}

void MainWindow::removePrinter()
{
    app::Session* session = chosen();
    if (!session)
        return;
    auto* question = new QMessageBox(QMessageBox::Question, tr("Remove the printer"), QString(), QMessageBox::Cancel, this);
    question->setAttribute(Qt::WA_DeleteOnClose);
    question->setTextFormat(Qt::PlainText);
    question->setText(tr("Remove %1 from the list?").arg(shortened(session->profile().name, 60)));
    question->setInformativeText(tr("What was recorded of it stays. The printer itself goes on with what it does."));
    QPushButton* remove = question->addButton(tr("&Remove"), QMessageBox::DestructiveRole);
    connect(remove, &QPushButton::clicked, this, [this, session] {
        m_workshop.remove(session);
        showChosen();
    });
    question->open();
}

void MainWindow::showError(const Error& error)
{
    m_message->sayError(error);
}

} // namespace kintsugi::ui
