// SPDX-License-Identifier: GPL-3.0-or-later
#include "zpage.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QRadioButton>

#include "drillproof.h"
#include "errortext.h"
#include "theme.h"

namespace kintsugi::ui {

ZPage::ZPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent)
    : AssistantPage(flow, tr("Z registration"), tr("How does the height become true again?"), parent)
    , m_session(session)
    , m_methods(new QButtonGroup(this))
{
    addSentence(tr("After a stop the printer no longer knows how high the nozzle is. Z is never homed towards the part."));
    addMethod(recovery::ZMethod::Touch, tr("&Touch the part"),
              tr("While the plan runs you lead the nozzle down to the top of the part, one press a step, a sheet of paper under it. Or it "
                 "stands on the part already and you declare the height of that place."));
    addMethod(recovery::ZMethod::Keep, tr("&Keep the height it had"), {});
    addMethod(recovery::ZMethod::PlrZHome, tr("Home &upwards with the plugin (PLR_Z_HOME)"),
              tr("Four Z+ end stops and a Klipper up to July 2025: newer ones made this command fail. It moves up only, away from the part."));
    addMethod(recovery::ZMethod::FreeSpot, tr("&Probe the bed beside the part"),
              tr("The probe finds the bed where nothing is printed under the head; the mesh of the print tells how high it is there."));
    addMethod(recovery::ZMethod::TopEndstop, tr("Home Z &up to its end switch at the top"), tr("For printers whose Z homes upward, away from the part."));
    addMethod(recovery::ZMethod::FirmwareLift, tr("The firmware &lifted it: I measured how high"), {});
    addMethod(recovery::ZMethod::StockZplus, tr("Home up to four calibrated &switches"), {});
    m_methods->button(static_cast<int>(recovery::ZMethod::StockZplus))->setEnabled(false);
    m_supply = new QCheckBox(tr("The supply of the &motors was on all the time"), this);
    m_supply->setAccessibleDescription(tr("Keeping the height needs this proof; drivers that Klipper watches give it by themselves"));
    body()->addWidget(m_supply);
    addSubheading(tr("Height of the nozzle now"));
    m_known = new QCheckBox(tr("I &declare it"), this);
    m_known->setAccessibleDescription(tr("Otherwise the height at the last executed line is taken"));
    m_height = new QDoubleSpinBox(this);
    m_height->setAccessibleName(tr("Height of the nozzle now, mm"));
    m_height->setRange(0.0, 2000.0);
    m_height->setDecimals(3);
    m_height->setSingleStep(0.05);
    m_height->setSuffix(tr(" mm"));
    auto* row = new QHBoxLayout;
    row->addWidget(m_known);
    row->addWidget(m_height);
    row->addStretch(1);
    body()->addLayout(row);
    m_heightHint = addSentence();
    body()->addStretch(1);
    connect(m_methods, &QButtonGroup::idClicked, this, &ZPage::apply);
    connect(m_known, &QCheckBox::clicked, this, &ZPage::apply);
    connect(m_supply, &QCheckBox::clicked, this, &ZPage::apply);
    connect(m_height, &QDoubleSpinBox::valueChanged, this, &ZPage::apply);
    connect(&flow, &app::ResumeFlow::chosenChanged, this, &ZPage::showFlow);
    connect(&flow, &app::ResumeFlow::planned, this, &ZPage::showFlow);
    connect(&session, &app::Session::stateChanged, this, &ZPage::showFlow);
    showFlow();
}

void ZPage::addMethod(recovery::ZMethod method, const QString& name, const QString& how)
{
    const recovery::ZMethodFacts facts = recovery::facts(method);
    const QString text = QString(how + QLatin1Char(' ') + tr("Assumes: %1. Cannot see: %2.").arg(app::text(facts.assumes), app::text(facts.cannotSee))).trimmed();
    auto* button = new QRadioButton(name, this);
    button->setAccessibleDescription(text);
    m_methods->addButton(button, static_cast<int>(method));
    body()->addWidget(button);
    QLabel* judged = addSentence();
    for (QLabel* label : {addSentence(text), judged}) {
        label->setIndent(fontMetrics().height() * 3 / 2);
        label->setFont(smaller(font()));
    }
    body()->removeWidget(judged);
    body()->addWidget(judged);
    m_judged[method] = judged;
}

/// What speaks against the method now, else how well it would know Z.
void ZPage::showJudgement(recovery::ZMethod method, QLabel* label) const
{
    const app::ResumeFlow::ZJudgement judgement = flow().judge(method);
    const QLocale locale;
    if (!judgement.engine) {
        label->setText(tr("This program cannot calibrate the switches yet, so there are no heights to home to."));
        setTone(label, Tone::Dim);
        return;
    }
    QString proven; // by a drill
    if (judgement.proven)
        proven = QLatin1Char(' ') + tr("Drill: %1.").arg(app::provenText(*judgement.proven));
    if (!judgement.missing.empty()) {
        QStringList why;
        for (const Message& message : judgement.missing)
            why << app::text(message);
        label->setText(tr("Not proved: %1.").arg(why.join(QStringLiteral("; "))) + proven);
        setTone(label, Tone::Warning);
        return;
    }
    if (judgement.uncertainty.parts.empty()) {
        label->setText(tr("Its uncertainty U is known when the part is touched: about 0.07 mm with paper.") + proven);
        setTone(label, Tone::Dim);
        return;
    }
    const double u = judgement.uncertainty.u();
    QString text = tr("Uncertainty U about %1 mm").arg(locale.toString(u, 'f', 2));
    if (judgement.layerHeight > 0)
        text += tr(", %1 % of a layer of %2 mm").arg(locale.toString(100 * u / judgement.layerHeight, 'f', 0), locale.toString(judgement.layerHeight, 'f', 2));
    label->setText(text + QLatin1Char('.') + proven);
    setTone(label, judgement.uncertainty.verdict(judgement.layerHeight) == recovery::ZVerdict::Poor ? Tone::Warning : Tone::Dim);
}

void ZPage::entered()
{
    showFlow();
}

bool ZPage::isComplete() const
{
    return !refusal();
}

/// Why the chosen method cannot run, when that is what stands in the way of a plan.
const Error* ZPage::refusal() const
{
    const auto& error = flow().planError();
    const bool ofMethod = error && (error->field.rfind("touch", 0) == 0 || error->field == "zMethod" || error->field == "freespot");
    return ofMethod ? &*error : nullptr;
}

void ZPage::showFlow()
{
    const bool plugin = m_session.host().capabilities.testFlag(link::Capability::PlrPlugin);
    m_methods->button(static_cast<int>(recovery::ZMethod::PlrZHome))->setEnabled(plugin);
    if (auto* button = m_methods->button(static_cast<int>(flow().zMethod())))
        button->setChecked(true);
    for (const auto& [method, label] : m_judged)
        showJudgement(method, label);
    const bool touch = flow().zMethod() == recovery::ZMethod::Touch, keep = flow().zMethod() == recovery::ZMethod::Keep;
    m_supply->setVisible(keep);
    m_supply->setChecked(flow().statements().supplyStayed);
    const auto declared = flow().statements().declaredZ;
    const auto& chosen = flow().chosen();
    {
        const QSignalBlocker quiet(m_height);
        if (declared)
            m_height->setValue(*declared);
        else if (chosen)
            m_height->setValue(flow().snapshot() ? recovery::trueHeight(flow().snapshot()->state, chosen->z) : chosen->z);
    }
    const bool byItself = flow().zMethod() == recovery::ZMethod::PlrZHome || flow().zMethod() == recovery::ZMethod::FreeSpot
        || flow().zMethod() == recovery::ZMethod::TopEndstop;
    m_known->setEnabled(!byItself);
    m_known->setChecked(declared.has_value());
    m_height->setEnabled(m_known->isEnabled() && declared.has_value());
    const Error* refused = touch ? nullptr : refusal();
    m_heightHint->setText(touch ? touchText() : refused ? app::errorText(*refused).full() : byItself ? tr("The printer finds it by itself.")
                                                                                                   : tr("Leave it open if nobody moved the nozzle since the stop."));
    setTone(m_heightHint, refused ? Tone::Warning : Tone::Dim);
    emit completeChanged();
}

/// Where the nozzle will be led, or why it cannot.
QString ZPage::touchText() const
{
    if (flow().statements().declaredZ)
        return tr("Measure or know the place the nozzle stands on. The number is the height of the tip above the bed; offered is that of the chosen layer, with the Z offset that was in force.");
    if (const auto& error = flow().planError(); error && error->field.rfind("touch", 0) == 0)
        return app::errorText(*error).full();
    const auto& plan = flow().touchPlan();
    if (!plan)
        return tr("Leave it open to be led down press by press while the plan runs; tick it when the nozzle stands on the part now.");
    const QLocale locale;
    QStringList places;
    for (const recovery::touch::Spot& spot : plan->setup.spots)
        places << tr("X %1 Y %2 at %3 mm").arg(locale.toString(spot.x, 'f', 1), locale.toString(spot.y, 'f', 1), locale.toString(spot.top, 'f', 2));
    return tr("You will be led to: %1. Tick it instead when the nozzle stands on the part now.").arg(places.join(QStringLiteral("; ")));
}

void ZPage::apply()
{
    if (m_methods->checkedId() >= 0)
        flow().setZMethod(static_cast<recovery::ZMethod>(m_methods->checkedId()));
    app::Statements said = flow().statements();
    const bool declares = m_known->isChecked() && flow().zMethod() != recovery::ZMethod::FreeSpot && flow().zMethod() != recovery::ZMethod::TopEndstop;
    said.declaredZ = declares ? std::optional(m_height->value()) : std::nullopt;
    said.supplyStayed = m_supply->isChecked();
    flow().setStatements(said);
    showFlow();
}

} // namespace kintsugi::ui
