// SPDX-License-Identifier: GPL-3.0-or-later
#include "filewindow.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>

#include "errortext.h"
#include "gcode/indexcache.h"
#include "markersdialog.h"
#include "messagebar.h"
#include "partpanel.h"
#include "plansummary.h"
#include "pointtabs.h"
#include "tables.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

namespace {

QString dialectText(gcode::Dialect dialect)
{
    switch (dialect) {
    case gcode::Dialect::Klipper: return FileWindow::tr("Klipper");
    case gcode::Dialect::Marlin: return FileWindow::tr("Marlin 2, Prusa Buddy");
    case gcode::Dialect::Prusa: return FileWindow::tr("Prusa MK3, 8 bit");
    case gcode::Dialect::RepRapFirmware: return FileWindow::tr("RepRapFirmware");
    case gcode::Dialect::Marlin1: return FileWindow::tr("Marlin 1.1, Repetier");
    }
    return {};
}

constexpr std::array dialects{gcode::Dialect::Klipper, gcode::Dialect::Marlin, gcode::Dialect::Prusa, gcode::Dialect::RepRapFirmware,
                              gcode::Dialect::Marlin1};

QLabel* plainLabel(QWidget* parent)
{
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    return label;
}

/// Only the page that is shown asks for room: the part gets the rest.
void fitCurrentPage(QTabWidget& tabs)
{
    for (int page = 0; page < tabs.count(); ++page)
        tabs.widget(page)->setSizePolicy(QSizePolicy::Preferred, page == tabs.currentIndex() ? QSizePolicy::Preferred : QSizePolicy::Ignored);
    tabs.updateGeometry();
}

QLabel* captionOf(QWidget* field, const QString& words)
{
    auto* label = new QLabel(words, field->parentWidget());
    label->setBuddy(field);
    return label;
}

} // namespace

FileWindow::FileWindow(app::FileCache& files, std::vector<app::Profile> printers, QWidget* parent)
    : QWidget(parent, Qt::Window)
    , m_files(files)
    , m_printers(std::move(printers))
    , m_message(new MessageBar(this))
{
    auto* column = new QVBoxLayout(this);
    column->addWidget(m_message);
    column->addLayout(makeHead());
    column->addLayout(makeReading());
    auto* split = new QSplitter(this);
    split->setChildrenCollapsible(false);
    split->addWidget(makePart());
    split->addWidget(makeSide());
    split->setStretchFactor(0, 1);
    split->setStretchFactor(1, 1);
    column->addWidget(split, 1);
    column->addLayout(makeFooter());
    follow();
    setReading(false);
    showFile();
    resize(fontMetrics().averageCharWidth() * 140, fontMetrics().height() * 42);
}

FileWindow::~FileWindow() = default;

QLayout* FileWindow::makeHead()
{
    auto* column = new QVBoxLayout;
    auto* row = new QHBoxLayout;
    m_name = new ElidedLabel(this);
    makeHeading(m_name, 1.2);
    m_dialect = new QComboBox(this);
    m_dialect->setAccessibleName(tr("Firmware"));
    for (const gcode::Dialect one : dialects)
        m_dialect->addItem(dialectText(one), static_cast<int>(one));
    m_printer = new QComboBox(this);
    m_printer->setAccessibleName(tr("Limits of"));
    m_printer->addItem(tr("a printer that is not in the list"));
    for (const app::Profile& printer : m_printers)
        m_printer->addItem(shortened(printer.name, 40));
    row->addWidget(m_name, 1);
    row->addWidget(captionOf(m_dialect, tr("&Firmware")));
    row->addWidget(m_dialect);
    row->addWidget(captionOf(m_printer, tr("&Limits of")));
    row->addWidget(m_printer);
    m_facts = plainLabel(this);
    setTone(m_facts, Tone::Dim);
    column->addLayout(row);
    column->addWidget(m_facts);
    return column;
}

QLayout* FileWindow::makeReading()
{
    auto* row = new QHBoxLayout;
    m_progress = new QProgressBar(this);
    m_progress->setAccessibleName(tr("Progress of the reading"));
    m_cancel = new QPushButton(tr("Cancel"), this);
    row->addWidget(m_progress, 1);
    row->addWidget(m_cancel);
    return row;
}

QWidget* FileWindow::makePart()
{
    auto* side = new QWidget(this);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins({});
    m_part = new PartPanel(PartPanel::Arrangement::OneView, side);
    m_points = new PointTabs(m_part->part(), side);
    column->addWidget(m_part, 1);
    column->addWidget(m_points);
    fitCurrentPage(*m_points);
    connect(m_points, &QTabWidget::currentChanged, this, [this] { fitCurrentPage(*m_points); });
    return side;
}

QWidget* FileWindow::makeSide()
{
    auto* side = new QWidget(this);
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins({});
    m_title = plainLabel(side);
    m_title->setFont(bold(font()));
    m_risks = plainLabel(side);
    setTone(m_risks, Tone::Dim);
    m_confirm = new QCheckBox(side);
    m_confirm->setAccessibleName(tr("The guessed temperatures are right"));
    auto* tabs = new QTabWidget(side);
    tabs->setAccessibleName(tr("State and plan"));
    auto* fields = new QTableView(tabs);
    fields->setModel(&m_fields);
    makeTable(fields, tr("State at this point"), app::FieldModel::Remark);
    fields->setColumnHidden(app::FieldModel::Now, true);
    m_text = new QPlainTextEdit(tabs);
    m_text->setReadOnly(true);
    m_text->setTabChangesFocus(true);
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setFont(fixedFont(font()));
    m_text->setAccessibleName(tr("G-code that is sent before the original continues"));
    tabs->addTab(fields, tr("&State"));
    tabs->addTab(m_text, tr("&Plan"));
    column->addWidget(m_title);
    column->addWidget(m_risks);
    column->addWidget(m_confirm);
    column->addWidget(tabs, 1);
    return side;
}

QLayout* FileWindow::makeFooter()
{
    auto* row = new QHBoxLayout;
    m_markers = new QPushButton(tr("Recovery &markers…"), this);
    m_method = new QComboBox(this);
    m_method->setObjectName(QStringLiteral("zMethod"));
    m_method->setAccessibleName(tr("How the height becomes true again"));
    m_method->addItem(tr("the printer kept its height"), static_cast<int>(recovery::ZMethod::Keep));
    m_method->addItem(tr("the nozzle touches the part at"), static_cast<int>(recovery::ZMethod::Touch));
    m_height = new QDoubleSpinBox(this);
    m_height->setObjectName(QStringLiteral("nozzleHeight"));
    m_height->setAccessibleName(tr("Height of the nozzle now, mm"));
    m_height->setRange(0.0, 2000.0);
    m_height->setDecimals(3);
    m_height->setSuffix(tr(" mm"));
    m_save = new QPushButton(tr("Save a &resume file…"), this);
    m_save->setIcon(icon(QStringLiteral("save")));
    row->addWidget(m_markers);
    row->addStretch(1);
    row->addWidget(captionOf(m_method, tr("&Z:")));
    row->addWidget(m_method);
    row->addWidget(m_height);
    row->addWidget(m_save);
    return row;
}

void FileWindow::follow()
{
    connect(m_dialect, &QComboBox::activated, this, [this] {
        m_dialectSaid = true;
        read();
    });
    connect(m_cancel, &QPushButton::clicked, this, [this] {
        if (m_attempt)
            m_files.cancel(m_attempt.get());
        m_saving.cancel();
        setReading(false);
    });
    connect(&m_files, &app::FileCache::progressed, this, [this](const QString&, double fraction, const QString& file) {
        if (m_attempt && file == m_path)
            m_progress->setValue(static_cast<int>(fraction * 100));
    });
    connect(m_part, &PartPanel::failed, this, &FileWindow::showError);
    connect(m_printer, &QComboBox::activated, this, &FileWindow::judge);
    connect(&m_judging, &app::JobBase::finished, this, [this] {
        const auto& outcome = m_judging.outcome();
        m_part->setRecoverability(outcome && *outcome ? **outcome : nullptr);
    });
    connect(m_points, &PointTabs::chosen, this, &FileWindow::select);
    connect(m_markers, &QPushButton::clicked, this, &FileWindow::showMarkers);
    connect(m_save, &QPushButton::clicked, this, &FileWindow::askTarget);
    connect(m_confirm, &QCheckBox::clicked, this, &FileWindow::plan);
    connect(m_printer, &QComboBox::activated, this, &FileWindow::plan);
    connect(m_method, &QComboBox::activated, this, &FileWindow::plan);
    connect(m_height, &QDoubleSpinBox::valueChanged, this, &FileWindow::plan);
    connect(&m_choosing, &app::JobBase::finished, this, &FileWindow::showChoice);
    connect(&m_planning, &app::JobBase::finished, this, &FileWindow::showPlan);
    connect(&m_saving, &app::JobBase::progressed, this, [this](double fraction) { m_progress->setValue(static_cast<int>(fraction * 100)); });
    connect(&m_saving, &app::JobBase::finished, this, [this] {
        setReading(false);
        const auto& outcome = m_saving.outcome();
        if (outcome && *outcome) {
            const QString path = QString::fromStdString((*outcome)->path.string());
            m_message->say(MessageBar::Kind::Note, tr("The resume file was saved as %1.").arg(path));
            emit saved(path);
        } else if (outcome && outcome->error().code == ErrorCode::FileChanged) {
            readAnew();
        } else if (outcome && outcome->error().code != ErrorCode::Cancelled) {
            showError(outcome->error());
        }
    });
}

gcode::Dialect FileWindow::dialect() const
{
    return static_cast<gcode::Dialect>(m_dialect->currentData().toInt());
}

void FileWindow::open(const QString& path)
{
    m_path = path;
    m_name->setText(QFileInfo(path).fileName());
    //: %1 is a file name
    setWindowTitle(tr("%1 – Kintsugi").arg(shortened(QFileInfo(path).fileName(), 60)));
    read();
}

void FileWindow::read()
{
    if (m_attempt)
        m_files.cancel(m_attempt.get());
    m_file.reset();
    m_choice.reset();
    m_plan.reset();
    m_attempt = std::make_unique<QObject>();
    showFile();
    setReading(true);
    m_files.openLocal(m_path, dialect(), m_attempt.get(), [this](const Result<std::shared_ptr<const app::OpenFile>>& result) { haveFile(result); });
}

/// The file is no longer what its index says.
void FileWindow::readAnew()
{
    m_file.reset();
    m_choice.reset();
    m_plan.reset();
    m_attempt = std::make_unique<QObject>();
    showFile();
    setReading(true);
    m_message->say(MessageBar::Kind::Warning, tr("The file has changed since it was read, and is read again. Choose the point anew."));
    m_files.openAnew(m_path, dialect(), m_attempt.get(), [this](const Result<std::shared_ptr<const app::OpenFile>>& result) { haveFile(result); });
}

void FileWindow::haveFile(const Result<std::shared_ptr<const app::OpenFile>>& result)
{
    setReading(false);
    m_attempt.release()->deleteLater(); // this runs inside it
    if (!result) {
        if (result.error().code != ErrorCode::Cancelled)
            showError(result.error());
        return;
    }
    const auto& index = *(*result)->index;
    if (!m_dialectSaid && index.suggested != dialect()) {
        m_dialect->setCurrentIndex(m_dialect->findData(static_cast<int>(index.suggested)));
        m_dialectSaid = true; // once: the file knows better than the first guess
        read();
        return;
    }
    m_file = *result;
    showFile();
    emit opened();
}

QString FileWindow::factsText() const
{
    const gcode::FileIndex& index = *m_file->index;
    const QLocale locale;
    QStringList facts;
    facts << (index.slicerLine.empty() ? tr("slicer not known") : shortened(QString::fromStdString(index.slicerLine), 70));
    //: size of the decoded text; what wraps it
    const auto wrapped = [&](const QString& what) { return tr("%1 of text in %2").arg(locale.formattedDataSize(static_cast<qint64>(index.size)), what); };
    switch (m_file->source->container()) {
    case gcode::Container::None: facts << locale.formattedDataSize(static_cast<qint64>(index.size)); break;
    case gcode::Container::Gzip: facts << wrapped(tr("gzip")); break;
    case gcode::Container::BinaryGcode: facts << wrapped(tr("binary G-code")); break;
    }
    facts << tr("%Ln line(s)", nullptr, static_cast<int>(std::min<std::uint64_t>(index.lines, 2'000'000'000)));
    facts << tr("%n layer(s)", nullptr, static_cast<int>(index.layers.size()));
    if (index.printed.valid)
        facts << tr("%1 high").arg(lengthText(index.printed.maxZ));
    facts << tr("%1 m of filament").arg(locale.toString(index.filamentMm / 1000, 'f', 1));
    facts << tr("about %1").arg(durationText(index.seconds));
    if (!index.objects.empty())
        facts << tr("%n object(s)", nullptr, static_cast<int>(index.objects.size()));
    return facts.join(QStringLiteral(" · "));
}

void FileWindow::showFile()
{
    m_part->setFile(m_file);
    m_points->setFile(m_file);
    m_markers->setEnabled(m_file != nullptr);
    m_facts->setText(m_file ? factsText() : QString());
    m_title->setText(m_file ? tr("Choose a point: click on the part, or type what you know.") : QString());
    m_risks->clear();
    m_confirm->hide();
    m_fields.setSnapshot(std::nullopt);
    m_text->clear();
    m_save->setEnabled(false);
    showHeight();
    showDrawing();
    judge();
}

/// Before anything is printed: could a stop be resumed, layer by layer, within the limits of the printer that is chosen?
void FileWindow::judge()
{
    m_judging.cancel();
    m_part->setRecoverability(nullptr);
    if (!m_file)
        return;
    recovery::PrinterFacts printer;
    if (m_printer->currentIndex() > 0)
        printer = m_printers[static_cast<std::size_t>(m_printer->currentIndex() - 1)].facts;
    m_judging.start([file = m_file, printer](app::JobControl& control) {
        return app::judgeLayers(*file, printer, recovery::defaultEnvelope(recovery::PrinterKind::Unknown), control);
    });
}

void FileWindow::showDrawing()
{
    const bool planned = m_plan && m_plan->plan;
    const auto picture = planned ? m_plan->picture : nullptr;
    m_part->setPicture(picture);
    m_part->setSummary(m_choice && m_file ? app::summaryText(*m_file->index, m_choice->candidate, planned ? &*m_plan->plan : nullptr, picture.get()) : QString());
}

/// The height is asked for where it means something: at a chosen point that the nozzle touches.
void FileWindow::showHeight()
{
    const bool touch = m_method->currentData().toInt() == static_cast<int>(recovery::ZMethod::Touch);
    m_method->setEnabled(m_choice.has_value());
    m_height->setEnabled(touch && m_choice);
    m_height->setVisible(touch);
    if (!m_choice)
        m_height->clear();
}

/// By its mark; without one by the nozzle.
double FileWindow::layerHeight() const
{
    const recovery::ResumeCandidate& candidate = m_choice->candidate;
    const std::vector<gcode::Layer>& layers = m_file->index->layers;
    return candidate.layer < layers.size() ? layers[candidate.layer].z.value_or(candidate.z) : candidate.z;
}

/// A nozzle that is not at the height of its layer is said by name: between two objects or layers the two differ.
QStringList FileWindow::heightsText() const
{
    constexpr double same = 0.005; // mm; what two decimals show
    const double layer = layerHeight(), nozzle = m_choice->candidate.z;
    if (std::abs(layer - nozzle) < same)
        return {};
    return {(nozzle > layer ? tr("Layer at %1; nozzle travelling at %2.") : tr("Layer at %1; nozzle still at %2.")).arg(lengthText(layer), lengthText(nozzle))};
}

void FileWindow::select(ByteOffset byte)
{
    if (!m_file)
        return;
    m_save->setEnabled(false);
    m_choosing.start([file = m_file, byte](app::JobControl&) { return app::makeChoice(*file, {}, std::nullopt, byte, std::nullopt); });
}

void FileWindow::showChoice()
{
    const auto& outcome = m_choosing.outcome();
    if (!outcome || !m_file)
        return;
    m_plan.reset();
    m_text->clear();
    m_confirm->hide();
    if (!*outcome) {
        m_choice.reset();
        showHeight();
        m_fields.setSnapshot(std::nullopt);
        m_title->setText(tr("That point is refused. %1").arg(app::errorText(outcome->error()).full()));
        m_risks->clear();
        return;
    }
    m_choice = **outcome;
    const recovery::ResumeCandidate& candidate = m_choice->candidate;
    m_choice->snapshot.file.name = QFileInfo(m_path).fileName().toStdString();
    m_part->setResumeByte(candidate.byte);
    m_part->showLayer(candidate.layer);
    showDrawing();
    m_title->setText(tr("Goes on at %1, line %2, byte %3").arg(layerText(candidate.layer, {}, layerHeight()),
                         QLocale().toString(static_cast<qulonglong>(candidate.line)), bytesText(static_cast<double>(candidate.byte))));
    QStringList risks = heightsText();
    for (const Message& risk : candidate.risks)
        risks << app::text(risk);
    if (candidate.risks.empty())
        risks << tr("No risk is known at this line.");
    m_risks->setText(risks.join(QLatin1Char('\n')));
    QStringList guesses;
    const auto unconfirmed = m_choice->snapshot.unconfirmed();
    for (const recovery::FieldRow& row : recovery::fieldRows(m_choice->snapshot)) {
        if (std::find(unconfirmed.begin(), unconfirmed.end(), row.key) != unconfirmed.end())
            guesses << tr("%1 %2").arg(app::text(row.label), QString::fromStdString(row.value));
    }
    m_confirm->setVisible(!guesses.isEmpty());
    m_confirm->setChecked(false);
    m_confirm->setText(tr("The &guessed temperatures are right: %1").arg(guesses.join(QStringLiteral(", "))));
    const QSignalBlocker quiet(m_height);
    const double top = std::min(candidate.z, layerHeight()); // of what is printed there, not the height of a travel
    m_height->setValue(recovery::trueHeight(m_choice->snapshot.state, top));
    plan();
}

void FileWindow::plan()
{
    const bool touch = m_method->currentData().toInt() == static_cast<int>(recovery::ZMethod::Touch);
    showHeight();
    m_save->setEnabled(false);
    if (!m_choice || !m_file)
        return;
    recovery::Snapshot snapshot = m_choice->snapshot;
    if (m_confirm->isChecked()) {
        for (const recovery::FieldRow& row : recovery::fieldRows(snapshot)) {
            const auto keys = snapshot.unconfirmed();
            if (std::find(keys.begin(), keys.end(), row.key) != keys.end())
                (void)recovery::edit(snapshot, row.key, row.value, tr("confirmed").toStdString());
        }
    }
    m_fields.setSnapshot(snapshot);
    app::PlanFacts facts;
    if (m_printer->currentIndex() > 0)
        facts.printer = m_printers[static_cast<std::size_t>(m_printer->currentIndex() - 1)].facts;
    recovery::PlanOptions options;
    options.zMethod = static_cast<recovery::ZMethod>(m_method->currentData().toInt());
    if (touch)
        options.declaredZ = m_height->value();
    const bool compare = m_file->remembered && m_compared != m_file;
    m_planning.start([file = m_file, snapshot, facts, options, compare](app::JobControl& control) -> Result<app::Planned> {
        const auto goOn = [&control](double) { return !control.cancelled(); };
        if (auto same = compare ? gcode::verifyWhole(*file->source, *file->index, goOn) : Result<>(); !same)
            return fail(same.error());
        return app::planWith(file, snapshot, facts, options, std::nullopt, nullptr, control);
    });
}

void FileWindow::showPlan()
{
    const auto& outcome = m_planning.outcome();
    if (!outcome || (!*outcome && outcome->error().code == ErrorCode::Cancelled))
        return;
    if (!*outcome && outcome->error().code == ErrorCode::FileChanged && m_file) {
        readAnew();
        return;
    }
    if (*outcome)
        m_compared = m_file;
    m_plan = *outcome ? std::optional(**outcome) : std::nullopt;
    const std::optional<Error> error = *outcome ? m_plan->error : std::optional(outcome->error());
    QString shown;
    if (error)
        shown = app::errorText(*error).full();
    else if (m_plan->plan)
        shown = QString::fromStdString(recovery::preambleText(*m_plan->plan));
    QStringList blocks;
    for (const recovery::GateCheck& check : m_plan ? m_plan->gate : std::vector<recovery::GateCheck>()) {
        if (check.severity == recovery::Severity::Block && !check.passed)
            blocks << app::text(check.text);
    }
    m_text->setPlainText(blocks.isEmpty() ? shown : QString(blocks.join(QLatin1Char('\n')) + QStringLiteral("\n\n") + shown));
    m_save->setEnabled(isPlanned());
    showDrawing();
    emit planned();
}

void FileWindow::askTarget()
{
    if (!isPlanned())
        return;
    const recovery::Snapshot& at = m_plan->plan->snapshot;
    auto* dialog = new QFileDialog(this, tr("Save a resume file"), QFileInfo(m_path).absolutePath(), tr("G-code (*.gcode *.bgcode)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    dialog->selectFile(QString::fromStdString(recovery::resumeFileName(at.file.name, at.layer.value_or(0), at.byte)));
    connect(dialog, &QFileDialog::fileSelected, this, &FileWindow::save);
    dialog->open();
}

void FileWindow::save(const QString& target)
{
    if (!isPlanned())
        return;
    setReading(true);
    m_saving.start([file = m_file, made = *m_plan->plan, target](app::JobControl& control) { return app::writeTo(*file, made, target, control); });
}

void FileWindow::showMarkers()
{
    auto* dialog = new MarkersDialog(m_file, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void FileWindow::setReading(bool reading)
{
    m_progress->setValue(0);
    m_progress->setVisible(reading);
    m_cancel->setVisible(reading);
}

void FileWindow::showError(const Error& error)
{
    m_message->sayError(error);
}

} // namespace kintsugi::ui
