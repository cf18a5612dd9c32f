// SPDX-License-Identifier: GPL-3.0-or-later
#include "drilldialog.h"

#include <algorithm>
#include <tuple>

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QRadioButton>
#include <QStackedWidget>

#include "drillproof.h"
#include "drillview.h"
#include "errortext.h"
#include "recovery/newfile.h"
#include "theme.h"

namespace kintsugi::ui {

namespace drill = recovery::drill;

namespace {

QDoubleSpinBox* number(QWidget* parent, const QString& name, double least, double most, double step, int decimals, const QString& unit)
{
    auto* box = new QDoubleSpinBox(parent);
    box->setAccessibleName(name);
    box->setRange(least, most);
    box->setDecimals(decimals);
    box->setSingleStep(step);
    box->setSuffix(unit);
    return box;
}

} // namespace

DrillDialog::DrillDialog(app::Session& session, QWidget* parent) : QDialog(parent), m_session(session)
{
    setWindowTitle(tr("Drill"));
    auto* column = new QVBoxLayout(this);
    m_heading = new QLabel(this);
    makeHeading(m_heading, 1.2);
    m_proven = new QLabel(this);
    m_proven->setWordWrap(true);
    m_proven->setTextFormat(Qt::PlainText);
    m_steps = new QStackedWidget(this);
    for (QWidget* page : {makePrint(), makeResume(), makeRead()})
        m_steps->addWidget(page);
    m_answer = new QLabel(this);
    m_answer->setWordWrap(true);
    m_answer->setTextFormat(Qt::PlainText);
    m_answer->hide();
    column->addWidget(m_heading);
    column->addWidget(m_proven);
    column->addWidget(m_steps, 1);
    column->addWidget(m_answer);
    column->addLayout(makeFooter());
    connect(&session, &app::Session::stateChanged, this, &DrillDialog::showRun);
    connect(&session, &app::Session::stateChanged, this, &DrillDialog::showProven);
    showStep(Print);
    showProven();
    showRun();
    showReading();
    resize(fontMetrics().averageCharWidth() * 84, sizeHint().height());
}

DrillDialog::~DrillDialog() = default;

QLabel* DrillDialog::sentence(QWidget* page, const QString& text)
{
    auto* label = new QLabel(text, page);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    return label;
}

QWidget* DrillDialog::makePrint()
{
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins({});
    column->addWidget(sentence(page, tr("A small part of 30 × 40 mm is printed and stopped on purpose in the middle of its height. Then you resume it as you would after a real "
                                        "failure, and read from the part how true that was. It takes about 20 minutes and 7 g of filament.")));
    auto* form = new QFormLayout;
    m_method = new QComboBox(page);
    m_method->addItem(tr("Touch the part"), int(recovery::ZMethod::Touch));
    m_method->addItem(tr("Keep the height it had"), int(recovery::ZMethod::Keep));
    m_method->addItem(tr("Home upwards with the plugin (PLR_Z_HOME)"), int(recovery::ZMethod::PlrZHome));
    m_method->addItem(tr("Upper end stops (stock Z+)"), int(recovery::ZMethod::StockZplus));
    m_method->addItem(tr("The firmware lifted it"), int(recovery::ZMethod::FirmwareLift));
    m_method->addItem(tr("Probe a free spot"), int(recovery::ZMethod::FreeSpot));
    m_method->addItem(tr("Upper end switch"), int(recovery::ZMethod::TopEndstop));
    m_method->setCurrentIndex(std::max(0, m_method->findData(int(m_session.profile().zMethod))));
    form->addRow(tr("&Way to prove"), m_method);
    addHeat(*form);
    column->addLayout(form);
    m_byProgram = new QRadioButton(tr("The program stops it: &emergency stop"), page);
    m_byPerson = new QRadioButton(tr("I pull the &plug when I am told: the truer trial"), page);
    m_byProgram->setChecked(true);
    m_bedEmpty = new QCheckBox(tr("I looked: nothing lies on the &bed"), page);
    for (QWidget* one : std::initializer_list<QWidget*>{m_byProgram, m_byPerson, m_bedEmpty})
        column->addWidget(one);
    auto* row = new QHBoxLayout;
    m_save = new QPushButton(tr("&Save the file…"), page);
    m_start = new QPushButton(tr("&Heat and print"), page);
    row->addWidget(m_save);
    row->addStretch(1);
    row->addWidget(m_start);
    column->addStretch(1);
    m_running = sentence(page);
    m_running->setFont(bold(font()));
    m_progress = new QProgressBar(page);
    m_progress->setAccessibleName(tr("Printed up to the seam"));
    column->addWidget(m_running);
    column->addWidget(m_progress);
    column->addLayout(row);
    for (QPushButton* one : {m_save, m_start})
        one->setAutoDefault(false);
    connect(m_save, &QPushButton::clicked, this, &DrillDialog::saveFile);
    connect(m_start, &QPushButton::clicked, this, &DrillDialog::start);
    connect(m_bedEmpty, &QCheckBox::toggled, this, &DrillDialog::showRun);
    connect(m_method, &QComboBox::currentIndexChanged, this, &DrillDialog::showProven);
    return page;
}

void DrillDialog::addHeat(QFormLayout& form)
{
    m_layerHeight = number(this, tr("Layer height"), 0.05, 0.45, 0.05, 2, tr(" mm"));
    m_nozzleHeat = number(this, tr("Nozzle temperature"), 150, 350, 5, 0, tr(" °C"));
    m_bedHeat = number(this, tr("Bed temperature"), 0, 150, 5, 0, tr(" °C"));
    m_material = new QLineEdit(QStringLiteral("PLA"), this);
    m_material->setMaxLength(40);
    const drill::Part usual;
    m_layerHeight->setValue(usual.layerHeight);
    m_nozzleHeat->setValue(usual.nozzleTemperature);
    m_bedHeat->setValue(usual.bedTemperature);
    form.addRow(tr("&Layer height"), m_layerHeight);
    form.addRow(tr("&Nozzle"), m_nozzleHeat);
    form.addRow(tr("Be&d"), m_bedHeat);
    form.addRow(tr("&Material"), m_material);
    connect(m_layerHeight, &QDoubleSpinBox::valueChanged, this, [this] {
        const drill::Part made = part();
        m_ledgeView->setPart(made.ledge(), made.height());
        m_ledge->setValue(made.ledge());
        m_height->setValue(made.height());
    });
}

QWidget* DrillDialog::makeResume()
{
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins({});
    column->addWidget(sentence(page, tr("Now do what you would do after a real failure:")));
    column->addWidget(sentence(page, tr("1. Power on again, or restart the firmware after an emergency stop. Keep the part on the bed.")));
    m_restart = new QPushButton(tr("Restart the &firmware"), page);
    m_restart->setAutoDefault(false);
    auto* row = new QHBoxLayout;
    row->setContentsMargins(fontMetrics().height(), 0, 0, 0);
    row->addWidget(m_restart);
    row->addStretch(1);
    column->addLayout(row);
    m_resumeHow = sentence(page);
    column->addWidget(m_resumeHow);
    auto* go = new QPushButton(tr("&Go to the resume"), page);
    go->setAutoDefault(false);
    auto* goRow = new QHBoxLayout;
    goRow->setContentsMargins(fontMetrics().height(), 0, 0, 0);
    goRow->addWidget(go);
    goRow->addStretch(1);
    column->addLayout(goRow);
    column->addWidget(sentence(page, tr("3. When the print has ended, let the part cool, take it off and read it.")));
    column->addStretch(1);
    connect(m_restart, &QPushButton::clicked, this, [this] {
        if (m_run)
            m_run->restartFirmware();
    });
    connect(go, &QPushButton::clicked, this, [this] { emit resumeWanted(method()); });
    return page;
}

QWidget* DrillDialog::makeRead()
{
    auto* page = new QWidget(this);
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins({});
    column->addWidget(sentence(page, tr("Hold a wall with teeth towards you. Which pair of teeth is in line over the seam? Count from the long one in the middle; between two pairs take the half.")));
    m_front = new VernierView(tr("X+"), page);
    m_side = new VernierView(tr("Y+"), page);
    const double most = drill::teeth;
    m_xTooth = number(page, tr("Tooth in line on the front wall"), -most, most, 0.5, 1, {});
    m_yTooth = number(page, tr("Tooth in line on the right wall"), -most, most, 0.5, 1, {});
    for (const auto& [name, box, view] : {std::tuple{tr("&Front wall: tooth"), m_xTooth, m_front}, std::tuple{tr("&Right wall: tooth"), m_yTooth, m_side}}) {
        auto* row = new QHBoxLayout;
        auto* label = new QLabel(name, page);
        label->setBuddy(box);
        row->addWidget(label);
        row->addWidget(box);
        row->addStretch(1);
        column->addLayout(row);
        column->addWidget(view);
        connect(box, &QDoubleSpinBox::valueChanged, view, &VernierView::setTooth);
        connect(box, &QDoubleSpinBox::valueChanged, this, &DrillDialog::showReading);
        connect(view, &VernierView::toothPicked, box, [spin = box](int tooth) { spin->setValue(tooth); });
    }
    const drill::Part usual = part();
    auto* heights = new QHBoxLayout;
    m_ledgeView = new LedgeView(usual.ledge(), usual.height(), page);
    auto* form = new QFormLayout;
    m_ledge = number(page, tr("Height of the ledge"), 0, 500, 0.01, 2, tr(" mm"));
    m_height = number(page, tr("Whole height"), 0, 500, 0.01, 2, tr(" mm"));
    m_ledge->setValue(usual.ledge());
    m_height->setValue(usual.height());
    auto* hint = sentence(page, tr("Caliper, the part off the bed:"));
    form->addRow(hint);
    form->addRow(tr("&A, over the ledge"), m_ledge);
    form->addRow(tr("B, &whole height"), m_height);
    heights->addWidget(m_ledgeView, 1);
    heights->addLayout(form);
    column->addLayout(heights);
    for (QDoubleSpinBox* box : {m_ledge, m_height})
        connect(box, &QDoubleSpinBox::valueChanged, this, &DrillDialog::showReading);
    m_seam = sentence(page);
    m_seam->setFont(bold(font()));
    column->addWidget(m_seam);
    auto* row = new QHBoxLayout;
    auto* changed = new QPushButton(tr("Nozzle or plate were &changed"), page);
    changed->setToolTip(tr("Drills of before are then said to be of another printer"));
    m_keep = new QPushButton(tr("&Keep this result"), page);
    row->addWidget(changed);
    row->addStretch(1);
    row->addWidget(m_keep);
    column->addStretch(1);
    column->addLayout(row);
    for (QPushButton* one : {changed, m_keep})
        one->setAutoDefault(false);
    connect(m_keep, &QPushButton::clicked, this, &DrillDialog::keepReading);
    connect(changed, &QPushButton::clicked, this, &DrillDialog::partsChanged);
    return page;
}

QLayout* DrillDialog::makeFooter()
{
    auto* row = new QHBoxLayout;
    auto* close = new QPushButton(tr("Close"), this);
    m_back = new QPushButton(tr("Bac&k"), this);
    m_next = new QPushButton(tr("Ne&xt"), this);
    row->addWidget(close);
    row->addStretch(1);
    row->addWidget(m_back);
    row->addWidget(m_next);
    for (QPushButton* one : {close, m_back, m_next})
        one->setAutoDefault(false);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_back, &QPushButton::clicked, this, [this] { showStep(static_cast<Step>(m_steps->currentIndex() - 1)); });
    connect(m_next, &QPushButton::clicked, this, [this] { showStep(static_cast<Step>(m_steps->currentIndex() + 1)); });
    return row;
}

void DrillDialog::showStep(Step step)
{
    const QStringList names{tr("Print and stop"), tr("Resume"), tr("Read the part")};
    m_steps->setCurrentIndex(static_cast<int>(step));
    m_heading->setText(tr("Step %1 of 3: %2").arg(static_cast<int>(step) + 1).arg(names.at(static_cast<int>(step))));
    m_back->setEnabled(step != Print);
    m_next->setEnabled(step != Read);
    m_answer->hide();
}

drill::Part DrillDialog::part() const
{
    drill::Part made = drill::partFor(m_session.profile().facts, m_session.dialect(), m_layerHeight->value());
    made.nozzleTemperature = m_nozzleHeat->value();
    made.bedTemperature = m_bedHeat->value();
    made.material = m_material->text().toStdString();
    return made;
}

recovery::ZMethod DrillDialog::method() const
{
    return static_cast<recovery::ZMethod>(m_method->currentData().toInt());
}

void DrillDialog::saveFile()
{
    const auto file = drill::make(part());
    if (!file)
        return say(app::errorText(file.error()).full(), true);
    auto* dialog = new QFileDialog(this, tr("Save the test part"), QStringLiteral("kintsugi-drill.gcode"), tr("G-code (*.gcode)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->setDefaultSuffix(QStringLiteral("gcode"));
    connect(dialog, &QFileDialog::fileSelected, this, [this, text = file->text](const QString& path) {
        recovery::NewFile target(path.toStdString());
        Result<> done = target.open();
        if (done)
            done = target.write(text);
        if (done)
            done = target.commit();
        say(done ? tr("Saved as %1.").arg(path) : app::errorText(done.error()).full(), !done);
    });
    dialog->open();
}

void DrillDialog::start()
{
    app::DrillRun::Setup setup;
    setup.part = part();
    setup.stopBy = m_byPerson->isChecked() ? app::DrillRun::StopBy::Person : app::DrillRun::StopBy::Program;
    setup.bedEmpty = m_bedEmpty->isChecked();
    m_run = std::make_unique<app::DrillRun>(m_session, std::move(setup));
    connect(m_run.get(), &app::DrillRun::changed, this, &DrillDialog::showRun);
    connect(m_run.get(), &app::DrillRun::failed, this, [this](const Error& error) { say(app::errorText(error).full(), true); });
    connect(m_run.get(), &app::DrillRun::stopNow, this, [this] {
        show();
        raise();
        activateWindow();
    });
    connect(m_run.get(), &app::DrillRun::stopped, this, [this] { showStep(Resume); });
    m_answer->hide();
    m_run->start();
}

void DrillDialog::showRun()
{
    using Phase = app::DrillRun::Phase;
    const bool underWay = m_run && m_run->isUnderWay();
    for (QWidget* one : std::initializer_list<QWidget*>{m_method, m_layerHeight, m_nozzleHeat, m_bedHeat, m_material, m_byProgram, m_byPerson, m_bedEmpty})
        one->setEnabled(!underWay);
    const bool idle = m_session.state() == app::PrinterState::Idle;
    m_start->setEnabled(idle && !underWay && m_bedEmpty->isChecked());
    m_start->setToolTip(idle ? QString() : tr("The printer must be connected and free"));
    m_progress->setVisible(underWay);
    m_running->setVisible(underWay);
    if (m_run) {
        m_running->setText(m_run->words());
        m_progress->setValue(static_cast<int>(100 * m_run->progress()));
        setTone(m_running, m_run->phase() == Phase::Stop ? Tone::Danger : m_run->phase() == Phase::Near ? Tone::Warning : Tone::Normal);
    }
    const bool down = m_session.host().state == link::HostState::Shutdown;
    m_restart->setVisible(m_run && m_run->phase() == Phase::Stopped && m_run->setup().stopBy == app::DrillRun::StopBy::Program);
    m_restart->setEnabled(down);
}

/// What is known of the chosen way on this printer.
void DrillDialog::showProven()
{
    recovery::ZEvidence evidence;
    app::applyDrills(evidence, m_session.profile(), m_session.now());
    const auto proof = recovery::proven(method(), evidence);
    QString text = proof ? app::provenText(*proof) + QLatin1Char('.') : tr("This way was not proven on this printer yet.");
    text[0] = text[0].toUpper();
    m_proven->setText(text);
    setTone(m_proven, proof && proof->holds() ? Tone::Good : Tone::Dim);
    m_resumeHow->setText(tr("2. Open the tab Resume. Choose the recommended point and, on the page of Z, the way to prove: %1.").arg(m_method->currentText()));
}

void DrillDialog::showReading()
{
    const auto seam = drill::read({m_xTooth->value(), m_yTooth->value(), m_ledge->value(), m_height->value()}, part());
    m_keep->setEnabled(seam.has_value());
    if (!seam) {
        m_seam->setText(app::errorText(seam.error()).full());
        return setTone(m_seam, Tone::Warning);
    }
    QString text = app::seamText(*seam);
    for (const Message& note : seam->notes)
        text += QLatin1Char(' ') + app::text(note);
    m_seam->setText(text);
    setTone(m_seam, seam->notes.empty() ? Tone::Normal : Tone::Warning);
}

void DrillDialog::keepReading()
{
    const auto seam = drill::read({m_xTooth->value(), m_yTooth->value(), m_ledge->value(), m_height->value()}, part());
    if (!seam)
        return;
    app::Profile profile = m_session.profile();
    app::addDrill(profile, app::proofOf(method(), *seam, m_session.now()));
    m_session.setProfile(profile);
    m_keep->setEnabled(false); // once; another reading may be kept
    say(tr("Kept: it counts in the uncertainty of this way on %1 from now on.").arg(profile.name), false);
}

void DrillDialog::partsChanged()
{
    app::Profile profile = m_session.profile();
    profile.partsChanged = m_session.now();
    m_session.setProfile(profile);
    say(tr("Noted: drills of before are of another nozzle or plate."), false);
}

void DrillDialog::say(const QString& words, bool refused)
{
    m_answer->setText(words);
    setTone(m_answer, refused ? Tone::Danger : Tone::Good);
    m_answer->show();
}

} // namespace kintsugi::ui
