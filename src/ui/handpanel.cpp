// SPDX-License-Identifier: GPL-3.0-or-later
#include "handpanel.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QVBoxLayout>

#include "errortext.h"
#include "theme.h"

namespace kintsugi::ui {

namespace touch = recovery::touch;

namespace {

QString millimetres(double value, int decimals = 2)
{
    return QLocale().toString(value, 'f', decimals);
}

QHBoxLayout* rowOf(QWidget* owner)
{
    auto* row = new QHBoxLayout(owner);
    row->setContentsMargins({});
    return row;
}

} // namespace

HandPanel::HandPanel(app::ResumeFlow& flow, QWidget* parent)
    : QWidget(parent)
    , m_flow(flow)
    , m_heading(new QLabel(this))
    , m_what(new QLabel(this))
    , m_numbers(new QLabel(this))
    , m_touch(new QWidget(this))
    , m_found(new QWidget(this))
    , m_prime(new QWidget(this))
    , m_press(new QWidget(this))
    , m_homing(new QWidget(this))
{
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, spacing::normal, 0, spacing::normal);
    makeHeading(m_heading, 1.1);
    for (QLabel* label : {m_what, m_numbers}) {
        label->setWordWrap(true);
        label->setTextFormat(Qt::PlainText);
    }
    makeTouch();
    makePrime();
    makePress();
    makeHoming();
    for (QWidget* widget : {static_cast<QWidget*>(m_heading), static_cast<QWidget*>(m_what), static_cast<QWidget*>(m_numbers), m_touch, m_found, m_prime, m_press, m_homing})
        column->addWidget(widget);
    for (const auto signal : {&app::ResumeFlow::runStateChanged, &app::ResumeFlow::planned, &app::ResumeFlow::finished})
        connect(&flow, signal, this, &HandPanel::showFlow);
    showFlow();
}

void HandPanel::makeTouch()
{
    auto* row = rowOf(m_touch);
    auto* label = new QLabel(tr("I see a &gap of at least"), m_touch);
    m_gap = new QDoubleSpinBox(m_touch);
    m_gap->setRange(0.0, 300.0);
    m_gap->setDecimals(1);
    m_gap->setSingleStep(0.5);
    m_gap->setSuffix(tr(" mm"));
    m_gap->setAccessibleName(tr("Gap under the nozzle that you see at least, mm"));
    label->setBuddy(m_gap);
    m_tell = new QPushButton(tr("Take t&his gap"), m_touch);
    m_tell->setAccessibleDescription(tr("Nothing moves. The next step goes down by at most half of it"));
    m_down = new QPushButton(tr("&Down"), m_touch);
    m_drags = new QPushButton(tr("The paper d&rags"), m_touch);
    m_drags->setAccessibleDescription(tr("Takes this height and lifts the nozzle"));
    m_again = new QPushButton(tr("&Up, and once more"), m_touch);
    m_again->setAccessibleDescription(tr("Lifts the nozzle without taking a height"));
    for (QPushButton* button : {m_tell, m_drags, m_again})
        button->setToolTip(button->accessibleDescription());
    row->addWidget(label);
    row->addWidget(m_gap);
    row->addWidget(m_tell);
    row->addSpacing(spacing::wide);
    row->addWidget(m_down);
    row->addWidget(m_drags);
    row->addWidget(m_again);
    row->addStretch(1);
    const auto lead = [this](QPushButton* button, void (app::TouchRun::*act)()) {
        connect(button, &QPushButton::clicked, this, [this, act] {
            if (app::TouchRun* run = m_flow.touch())
                (run->*act)();
        });
    };
    lead(m_down, &app::TouchRun::press);
    lead(m_drags, &app::TouchRun::touches);
    lead(m_again, &app::TouchRun::again);
    connect(m_tell, &QPushButton::clicked, this, &HandPanel::tellGap);

    auto* found = rowOf(m_found);
    m_accept = new QPushButton(tr("&Take this height and go on"), m_found);
    auto* repeat = new QPushButton(tr("Touch all places a&gain"), m_found);
    found->addWidget(m_accept);
    found->addWidget(repeat);
    found->addStretch(1);
    connect(m_accept, &QPushButton::clicked, &m_flow, &app::ResumeFlow::acceptRegistration);
    connect(repeat, &QPushButton::clicked, &m_flow, &app::ResumeFlow::touchAgain);
}

void HandPanel::makePrime()
{
    auto* row = rowOf(m_prime);
    auto* yes = new QPushButton(tr("&Yes, it came out: go on"), m_prime);
    auto* no = new QPushButton(tr("&No: prime once more"), m_prime);
    row->addWidget(yes);
    row->addWidget(no);
    row->addStretch(1);
    connect(yes, &QPushButton::clicked, &m_flow, [this] { m_flow.primeSeen(true); });
    connect(no, &QPushButton::clicked, &m_flow, [this] { m_flow.primeSeen(false); });
}

void HandPanel::makePress()
{
    auto* row = rowOf(m_press);
    auto* go = new QPushButton(tr("&Do this step"), m_press);
    go->setAccessibleDescription(tr("Sends the lines of this step, nothing more"));
    go->setToolTip(go->accessibleDescription());
    row->addWidget(go);
    row->addStretch(1);
    connect(go, &QPushButton::clicked, &m_flow, &app::ResumeFlow::pressStep);
}

void HandPanel::makeHoming()
{
    auto* row = rowOf(m_homing);
    auto* good = new QPushButton(tr("&Good enough: go on"), m_homing);
    auto* again = new QPushButton(tr("Home once &more"), m_homing);
    row->addWidget(good);
    row->addWidget(again);
    row->addStretch(1);
    connect(good, &QPushButton::clicked, &m_flow, [this] { m_flow.homingSeen(true); });
    connect(again, &QPushButton::clicked, &m_flow, [this] { m_flow.homingSeen(false); });
}

void HandPanel::showHoming()
{
    m_heading->setText(tr("X and Y were homed three times"));
    const auto spread = m_flow.homingSpread();
    if (!spread)
        return m_what->setText(tr("The printer does not tell its motors' steps: how far apart the three are is not known. Go on if homing is reliable on this printer."));
    const QString apart = tr("The three ended within X %1 mm and Y %2 mm; one full step of the motors is %3 mm.")
                              .arg(millimetres(spread->x, 3), millimetres(spread->y, 3), millimetres(spread->limit, 3));
    m_what->setText(apart + QLatin1Char(' ') + (spread->good() ? tr("The seam can be off by that.")
                                                               : tr("That is more than a step: a loose switch, belt or pulley. The seam can be off by that; home once more or mend it first.")));
}

void HandPanel::showPress()
{
    const auto& plan = m_flow.plan();
    const auto step = static_cast<std::size_t>(std::max(0, m_flow.currentStep()));
    if (!plan || step >= plan->steps.size())
        return;
    const recovery::PlanStep& next = plan->steps[step];
    m_heading->setText(tr("Step %1 of %2: %3").arg(QLocale().toString(next.n), QLocale().toString(static_cast<qulonglong>(plan->steps.size())), app::text(next.title)));
    m_what->setText(tr("Next: %1. Keep a hand at the switch and watch the head.").arg(app::text(next.reason)));
}

void HandPanel::tellGap()
{
    if (app::TouchRun* run = m_flow.touch())
        run->seenGap(m_gap->value());
}

void HandPanel::showFlow()
{
    const recovery::Hand hand = m_flow.hand();
    const bool registered = m_flow.registration().has_value();
    setVisible(hand != recovery::Hand::None);
    m_touch->setVisible(hand == recovery::Hand::Touch && !registered);
    m_found->setVisible(hand == recovery::Hand::Touch && registered);
    m_prime->setVisible(hand == recovery::Hand::LookAtPrime);
    m_press->setVisible(hand == recovery::Hand::Press);
    m_homing->setVisible(hand == recovery::Hand::LookAtHoming);
    if (hand == recovery::Hand::LookAtHoming)
        showHoming();
    m_numbers->setVisible(hand == recovery::Hand::Touch);
    if (hand == recovery::Hand::Press)
        showPress();
    if (hand == recovery::Hand::LookAtPrime) {
        m_heading->setText(tr("Did plastic come out?"));
        m_what->setText(tr("Look at the prime beside the print: a clean line must have come out of the nozzle. Nothing goes on until you say so."));
    } else if (hand == recovery::Hand::Touch) {
        m_heading->setText(tr("Touch the part"));
        if (registered)
            showRegistration();
        else
            showTouch();
    }
}

void HandPanel::showTouch()
{
    const app::TouchRun* run = m_flow.touch();
    if (!run)
        return;
    const auto& state = run->state();
    const auto& spots = run->setup().spots;
    const QLocale locale;
    const std::size_t index = std::min(state.contacts.size(), spots.size() - 1);
    const touch::Spot& spot = spots[index];
    const QString place = tr("Place %1 of %2, at X %3 Y %4: the file printed its top at Z %5 mm.")
                              .arg(locale.toString(static_cast<qulonglong>(index + 1)), locale.toString(static_cast<qulonglong>(spots.size())),
                                   millimetres(spot.x, 1), millimetres(spot.y, 1), millimetres(spot.top));
    const bool ready = std::holds_alternative<touch::Ready>(state.phase);
    const auto* over = std::get_if<touch::Over>(&state.phase);
    m_what->setText(ready ? tr("Let the bed soak, wipe the nozzle, have a sheet of paper (%1 mm) at hand. The next press moves the head over the place, well above the part.")
                                .arg(millimetres(run->setup().feeler))
                          : tr("Slide the paper between nozzle and part. Press down until it just drags. Look at the gap from the side and tell it: the steps follow what you see."));
    m_numbers->setText(over && over->seen ? place + QLatin1Char(' ') + tr("Gap left: at least %1 mm.").arg(millimetres(*over->seen)) : place);
    const double step = run->nextStep();
    m_down->setText(ready ? tr("&Go over the place") : step > 0 ? tr("&Down by %1 mm").arg(millimetres(step)) : tr("&Down"));
    m_down->setEnabled(!run->isMoving() && (ready || step > 0));
    for (QWidget* widget : {static_cast<QWidget*>(m_gap), static_cast<QWidget*>(m_tell), static_cast<QWidget*>(m_drags), static_cast<QWidget*>(m_again)})
        widget->setEnabled(over != nullptr);
}

void HandPanel::showRegistration()
{
    const auto found = *m_flow.registration();
    const double tilt = found.tiltAcross(100, 100);
    m_what->setText(tr("All places are touched and the nozzle is up again. Taking the height declares Z to the printer; nothing moves by it."));
    QString numbers = tr("The height was off by %1 mm. Uncertainty U: %2 mm.").arg(millimetres(found.delta, 3), millimetres(found.uncertainty.u(), 3));
    if (tilt > 0.005)
        numbers += QLatin1Char(' ') + tr("The part stands tilted against the head by %1 mm over 100 x 100 mm.").arg(millimetres(tilt, 3));
    m_numbers->setText(numbers);
}

} // namespace kintsugi::ui
