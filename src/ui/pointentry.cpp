// SPDX-License-Identifier: GPL-3.0-or-later
#include "pointentry.h"

#include <algorithm>
#include <cmath>

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QPushButton>

#include "errortext.h"
#include "theme.h"
#include "uitext.h"

namespace kintsugi::ui {

PointEntry::PointEntry(QWidget* parent)
    : QWidget(parent)
    , m_kind(new QComboBox(this))
    , m_value(new QLineEdit(this))
    , m_go(new QPushButton(tr("&Go there"), this))
    , m_answer(new QLabel(this))
{
    auto* grid = new QGridLayout(this);
    grid->setContentsMargins({});
    grid->setHorizontalSpacing(spacing::tight);
    m_kind->setAccessibleName(tr("What you know"));
    m_kind->addItem(tr("Layer"), Layer);
    m_kind->addItem(tr("Height, mm"), Height);
    m_kind->addItem(tr("Line"), Line);
    m_kind->addItem(tr("Byte"), Byte);
    m_answer->setWordWrap(true);
    m_answer->setTextFormat(Qt::PlainText);
    m_answer->hide();
    grid->addWidget(m_kind, 0, 0);
    grid->addWidget(m_value, 0, 1);
    grid->addWidget(m_go, 0, 2);
    grid->addWidget(m_answer, 1, 0, 1, 3);
    grid->setColumnStretch(1, 1);
    connect(m_kind, &QComboBox::currentIndexChanged, this, &PointEntry::showKind);
    connect(m_value, &QLineEdit::returnPressed, this, &PointEntry::go);
    connect(m_go, &QPushButton::clicked, this, &PointEntry::go);
    connect(&m_locating, &app::JobBase::finished, this, [this] {
        const auto& outcome = m_locating.outcome();
        if (outcome && *outcome)
            emit chosen(**outcome);
        else if (outcome)
            refuse(app::errorText(outcome->error()).full());
    });
    showKind();
    setEnabled(false);
}

void PointEntry::showKind()
{
    m_value->setAccessibleName(m_kind->currentText());
    m_value->clear();
    m_answer->hide();
    //: example of a height in millimetres
    m_value->setPlaceholderText(m_kind->currentData() == Height ? tr("measured with calipers") : QString());
}

void PointEntry::setFile(std::shared_ptr<const app::OpenFile> file)
{
    m_file = std::move(file);
    m_locating.cancel();
    setEnabled(m_file != nullptr);
}

void PointEntry::refuse(const QString& why)
{
    setTone(m_answer, Tone::Danger);
    m_answer->setText(why);
    m_answer->show();
}

void PointEntry::go()
{
    bool fine = false;
    double value = QLocale().toDouble(m_value->text().trimmed(), &fine);
    if (!fine)
        value = QLocale::c().toDouble(m_value->text().trimmed(), &fine);
    m_answer->hide();
    if (!fine || value < 0 || !m_file) {
        refuse(tr("This is not a number. Type digits only."));
        return;
    }
    const int kind = m_kind->currentData().toInt();
    if (kind == Layer) {
        goToLayer(value);
    } else if (kind == Height) {
        goToHeight(value);
    } else {
        m_locating.start([file = m_file, kind, value](app::JobControl&) -> Result<ByteOffset> {
            const auto number = static_cast<std::uint64_t>(value);
            const auto found = kind == Line ? gcode::locateLine(*file->source, *file->index, number)
                                            : gcode::locate(*file->source, *file->index, number);
            if (!found)
                return fail(found.error());
            return found->byte;
        });
    }
}

void PointEntry::goToLayer(double number)
{
    const auto& layers = m_file->index->layers;
    if (number < 1 || number > static_cast<double>(layers.size())) {
        refuse(tr("This file has the layers 1 to %1.").arg(QLocale().toString(static_cast<qulonglong>(layers.size()))));
        return;
    }
    emit chosen(layers[static_cast<std::size_t>(number) - 1].begin);
}

void PointEntry::goToHeight(double z)
{
    const auto& layers = m_file->index->layers;
    const gcode::Layer* nearest = nullptr;
    for (const gcode::Layer& layer : layers) {
        if (layer.z && (!nearest || std::abs(*layer.z - z) < std::abs(*nearest->z - z)))
            nearest = &layer;
    }
    if (!nearest) {
        refuse(tr("The layers of this file have no heights."));
        return;
    }
    QStringList around;
    const std::size_t first = nearest->index > 0 ? nearest->index - 1 : 0;
    for (std::size_t i = first; i < std::min(layers.size(), nearest->index + 2); ++i) {
        if (layers[i].z)
            around << layerText(i, {}, layers[i].z);
    }
    setTone(m_answer, Tone::Dim);
    m_answer->setText(tr("Nearest: %1. Tall or shrunken places can differ from the rest.").arg(around.join(QStringLiteral(" · "))));
    m_answer->show();
    emit chosen(nearest->begin);
}

} // namespace kintsugi::ui
