// SPDX-License-Identifier: GPL-3.0-or-later
#include "zpage.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QRadioButton>

#include "theme.h"

namespace kintsugi::ui {

ZPage::ZPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent)
    : AssistantPage(flow, tr("Z registration"), tr("How does the height become true again?"), parent)
    , m_session(session)
    , m_methods(new QButtonGroup(this))
{
    addSentence(tr("After a stop the printer no longer knows how high the nozzle is. Z is never homed towards the part."));
    addMethod(recovery::ZMethod::Keep, tr("&Keep the height it had"),
              tr("Assumes that the Z motors had power all the time and nobody turned them. After a power cut the motors can jump by up "
                 "to two full steps when they come back, and a heavy axis can sink."));
    addMethod(recovery::ZMethod::Touch, tr("&Touch the part and declare the height"),
              tr("Assumes that the nozzle touches the top of the part now and that you know how high that place is. One touch gives the "
                 "height, not the tilt: with several Z motors look at the gap on all sides."));
    addMethod(recovery::ZMethod::PlrZHome, tr("Home &upwards with the plugin (PLR_Z_HOME)"),
              tr("Assumes four Z+ end stops that were calibrated for this nozzle and this plate, and a Klipper up to July 2025: "
                 "newer ones made this command fail. It moves up only, away from the part."));
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
    connect(m_height, &QDoubleSpinBox::valueChanged, this, &ZPage::apply);
    connect(&flow, &app::ResumeFlow::chosenChanged, this, &ZPage::showFlow);
    connect(&session, &app::Session::stateChanged, this, &ZPage::showFlow);
    showFlow();
}

void ZPage::addMethod(recovery::ZMethod method, const QString& name, const QString& assumes)
{
    auto* button = new QRadioButton(name, this);
    button->setAccessibleDescription(assumes);
    m_methods->addButton(button, static_cast<int>(method));
    body()->addWidget(button);
    QLabel* text = addSentence(assumes);
    text->setIndent(fontMetrics().height() * 3 / 2);
    text->setFont(smaller(font()));
}

void ZPage::entered()
{
    showFlow();
}

bool ZPage::isComplete() const
{
    return flow().zMethod() != recovery::ZMethod::Touch || flow().statements().declaredZ.has_value();
}

void ZPage::showFlow()
{
    const bool plugin = m_session.host().capabilities.testFlag(link::Capability::PlrPlugin);
    m_methods->button(static_cast<int>(recovery::ZMethod::PlrZHome))->setEnabled(plugin);
    if (auto* button = m_methods->button(static_cast<int>(flow().zMethod())))
        button->setChecked(true);
    const bool touch = flow().zMethod() == recovery::ZMethod::Touch;
    const auto declared = flow().statements().declaredZ;
    const auto& chosen = flow().chosen();
    {
        const QSignalBlocker quiet(m_height);
        if (declared)
            m_height->setValue(*declared);
        else if (chosen)
            m_height->setValue(flow().snapshot() ? recovery::trueHeight(flow().snapshot()->state, chosen->z) : chosen->z);
    }
    m_known->setEnabled(flow().zMethod() != recovery::ZMethod::PlrZHome);
    m_known->setChecked(declared.has_value());
    m_height->setEnabled(m_known->isEnabled() && declared.has_value());
    m_heightHint->setText(touch ? tr("Measure or know the place the nozzle stands on. The number is the height of the tip above the bed; offered is that of the chosen layer, with the Z offset that was in force. Tick to declare it.")
                                : tr("Leave it open if nobody moved the nozzle since the stop."));
    emit completeChanged();
}

void ZPage::apply()
{
    if (m_methods->checkedId() >= 0)
        flow().setZMethod(static_cast<recovery::ZMethod>(m_methods->checkedId()));
    app::Statements said = flow().statements();
    said.declaredZ = m_known->isChecked() ? std::optional(m_height->value()) : std::nullopt;
    flow().setStatements(said);
    showFlow();
}

} // namespace kintsugi::ui
