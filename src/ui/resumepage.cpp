// SPDX-License-Identifier: GPL-3.0-or-later
#include "resumepage.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QListWidget>
#include <QProgressBar>
#include <QPushButton>
#include <QScrollArea>
#include <QStackedWidget>

#include "gatepage.h"
#include "happenedpage.h"
#include "planpage.h"
#include "reportpage.h"
#include "runpage.h"
#include "shapes.h"
#include "statepage.h"
#include "theme.h"
#include "wherepage.h"
#include "zpage.h"

namespace kintsugi::ui {

ResumePage::ResumePage(app::Session& session, app::ResumeFlow& flow, QWidget* parent)
    : QWidget(parent)
    , m_flow(flow)
    , m_list(new QListWidget(this))
    , m_stack(new QStackedWidget(this))
    , m_busy(new QProgressBar(this))
    , m_back(new QPushButton(tr("&Back"), this))
    , m_next(new QPushButton(tr("Ne&xt"), this))
{
    auto* plan = new PlanPage(flow, session, this);
    m_pages = {new HappenedPage(flow, session, this), new WherePage(flow, this), new StatePage(flow, session, this), new GatePage(flow, this),
               new ZPage(flow, session, this), plan, new RunPage(flow, session, this), new ReportPage(flow, session, this)};
    m_list->setAccessibleName(tr("Pages of the assistant"));
    for (AssistantPage* page : m_pages) {
        auto* scroll = new QScrollArea(m_stack);
        scroll->setWidgetResizable(true);
        scroll->setFrameShape(QFrame::NoFrame);
        scroll->setFocusPolicy(Qt::NoFocus);
        scroll->setWidget(page);
        m_stack->addWidget(scroll);
        m_list->addItem(page->title());
        connect(page, &AssistantPage::completeChanged, this, &ResumePage::showProgress);
        connect(page, &AssistantPage::failed, this, &ResumePage::failed);
    }
    m_list->setMaximumWidth(m_list->sizeHintForColumn(0) + fontMetrics().height() * 4);
    m_list->setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Expanding);
    m_busy->setAccessibleName(tr("Progress of the work"));
    m_busy->setRange(0, 100);
    m_busy->setMaximumWidth(fontMetrics().averageCharWidth() * 30);
    QSizePolicy keepsPlace = m_busy->sizePolicy();
    keepsPlace.setRetainSizeWhenHidden(true);
    m_busy->setSizePolicy(keepsPlace);
    m_busy->hide();

    auto* footer = new QHBoxLayout;
    footer->setContentsMargins(spacing::wide, 0, spacing::wide, spacing::normal);
    footer->addWidget(m_busy);
    footer->addStretch(1);
    footer->addWidget(m_back);
    footer->addWidget(m_next);
    auto* right = new QVBoxLayout;
    right->addWidget(m_stack, 1);
    right->addLayout(footer);
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(spacing::normal, spacing::normal, spacing::normal, spacing::normal);
    row->addWidget(m_list);
    row->addLayout(right, 1);

    connect(m_list, &QListWidget::currentRowChanged, this, [this](int row_) {
        if (row_ >= 0 && row_ != m_stack->currentIndex() && mayEnter(row_))
            showStep(static_cast<Step>(row_));
        else if (row_ != m_stack->currentIndex())
            m_list->setCurrentRow(m_stack->currentIndex());
    });
    connect(m_back, &QPushButton::clicked, this, [this] { showStep(static_cast<Step>(m_stack->currentIndex() - 1)); });
    connect(m_next, &QPushButton::clicked, this, [this] { showStep(static_cast<Step>(m_stack->currentIndex() + 1)); });
    connect(&flow, &app::ResumeFlow::failed, this, &ResumePage::failed);
    connect(&flow, &app::ResumeFlow::busyChanged, this, [this](bool busy, double fraction) {
        m_busy->setVisible(busy);
        m_busy->setRange(0, fraction > 0 ? 100 : 0);
        m_busy->setValue(static_cast<int>(fraction * 100));
    });
    for (const auto signal : {&app::ResumeFlow::analysed, &app::ResumeFlow::chosenChanged, &app::ResumeFlow::planned,
                              &app::ResumeFlow::runStateChanged, &app::ResumeFlow::finished})
        connect(&flow, signal, this, &ResumePage::showProgress);
    connect(plan, &PlanPage::dryRunWanted, this, [this] { showStep(Run); });
    connect(&flow, &app::ResumeFlow::finished, this, [this] {
        if (!m_flow.report()->dryRun) // a dry run ends where the real start is
            showStep(Report);
    });
    showStep(Happened);
}

ResumePage::Step ResumePage::step() const
{
    return static_cast<Step>(m_stack->currentIndex());
}

bool ResumePage::mayEnter(int page) const
{
    const auto& state = m_flow.runState();
    using namespace recovery::run;
    if (std::holds_alternative<Running>(state) || std::holds_alternative<Starting>(state) || std::holds_alternative<Printing>(state))
        return page == static_cast<int>(ResumePage::Run); // the plan that moves metal stays in view
    for (int i = 0; i < page; ++i) {
        if (!m_pages[static_cast<std::size_t>(i)]->isComplete())
            return false;
    }
    return true;
}

void ResumePage::showStep(Step step)
{
    m_stack->setCurrentIndex(step);
    m_list->setCurrentRow(step);
    m_pages[static_cast<std::size_t>(step)]->entered();
    showProgress();
}

void ResumePage::showProgress()
{
    const int current = m_stack->currentIndex();
    const Colours c = colours(palette());
    const int side = fontMetrics().height();
    for (int i = 0; i < StepCount; ++i) {
        QListWidgetItem* item = m_list->item(i);
        const bool open = i == current || mayEnter(i);
        const bool done = i < current && m_pages[static_cast<std::size_t>(i)]->isComplete();
        item->setIcon(shapeIcon(done ? Shape::Tick : i == current ? Shape::Circle : Shape::Ring,
                                done ? c.good : i == current ? palette().color(QPalette::HighlightedText) : c.dim, side));
        item->setFlags(open ? Qt::ItemIsEnabled | Qt::ItemIsSelectable : Qt::NoItemFlags);
        item->setData(Qt::AccessibleDescriptionRole, done ? tr("done") : i == current ? tr("shown now") : open ? tr("can be opened") : tr("not yet"));
    }
    m_back->setEnabled(current > 0 && mayEnter(current - 1));
    m_next->setEnabled(current + 1 < StepCount && mayEnter(current + 1));
    m_next->setDefault(current != Run);
}

} // namespace kintsugi::ui
