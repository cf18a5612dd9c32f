// SPDX-License-Identifier: GPL-3.0-or-later
#include "candidatemodel.h"

#include <QLocale>

#include "errortext.h"

namespace kintsugi::app {

using recovery::ResumeCandidate;

namespace {

/// The likely length, and what it is at most where the stop is not known to the line.
QString overlap(double likely, double most)
{
    const QLocale locale;
    const QString length = locale.toString(likely, 'f', 1);
    //: the likely length, then what it is at most
    return most < likely + 0.05 ? CandidateModel::tr("%1 mm").arg(length) : CandidateModel::tr("%1 (≤ %2) mm").arg(length, locale.toString(most, 'f', 1));
}

QStringList risks(const ResumeCandidate& candidate)
{
    QStringList texts;
    for (const Message& risk : candidate.risks)
        texts << text(risk);
    return texts;
}

} // namespace

CandidateModel::CandidateModel(QObject* parent) : TableModel(parent) {}

void CandidateModel::setCandidates(std::vector<ResumeCandidate> candidates)
{
    sync(m_candidates, std::move(candidates),
         [](const ResumeCandidate& candidate) { return std::pair(candidate.kind, candidate.byte); });
}

void CandidateModel::follow(ResumeFlow* flow)
{
    if (m_flow)
        m_flow->disconnect(this);
    m_flow = flow;
    setCandidates(flow ? flow->candidates() : std::vector<ResumeCandidate>());
    if (!flow)
        return;
    const auto show = [this] { setCandidates(m_flow->candidates()); };
    connect(flow, &ResumeFlow::candidatesChanged, this, show);
    connect(flow, &ResumeFlow::analysed, this, show);
}

int CandidateModel::rowOfByte(ByteOffset byte) const
{
    const auto it = std::find_if(m_candidates.begin(), m_candidates.end(),
                                 [byte](const ResumeCandidate& candidate) { return candidate.byte == byte; });
    return it == m_candidates.end() ? -1 : static_cast<int>(it - m_candidates.begin());
}

int CandidateModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_candidates.size());
}

int CandidateModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant CandidateModel::data(const QModelIndex& index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const ResumeCandidate& candidate = m_candidates[static_cast<std::size_t>(index.row())];
    const QLocale locale;
    switch (role) {
    case Qt::DisplayRole:
        switch (index.column()) {
        case Kind: return candidate.recommended ? tr("%1 (recommended)").arg(kindText(candidate.kind)) : kindText(candidate.kind);
        case Feature: return printable(QString::fromStdString(candidate.feature));
        case Layer: return locale.toString(static_cast<qulonglong>(candidate.layer) + 1);
        case Z: return tr("%1 mm").arg(locale.toString(candidate.z, 'f', 2));
        case Line: return locale.toString(static_cast<qulonglong>(candidate.line));
        case Byte: return locale.toString(static_cast<qulonglong>(candidate.byte));
        case PrintedTwice: return overlap(candidate.printedTwiceMm, candidate.printedTwiceMostMm);
        case LeftOpen: return overlap(candidate.leftOpenMm, candidate.leftOpenMostMm);
        default: return risks(candidate).join(QLatin1String("; "));
        }
    case RawRole:
        switch (index.column()) {
        case Kind: return static_cast<int>(candidate.kind);
        case Feature: return QString::fromStdString(candidate.feature);
        case Layer: return static_cast<qulonglong>(candidate.layer);
        case Z: return candidate.z;
        case Line: return static_cast<qulonglong>(candidate.line);
        case Byte: return static_cast<qulonglong>(candidate.byte);
        case PrintedTwice: return candidate.printedTwiceMm;
        case LeftOpen: return candidate.leftOpenMm;
        default: return static_cast<int>(candidate.risks.size());
        }
    case Qt::ToolTipRole:
        return risks(candidate).join(QLatin1Char('\n'));
    case ByteRole:
        return static_cast<qulonglong>(candidate.byte);
    case RecommendedRole:
        return candidate.recommended;
    case RisksRole:
        return risks(candidate);
    default:
        return {};
    }
}

QVariant CandidateModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Kind: return tr("Go on at");
    case Feature: return tr("Prints");
    case Layer: return tr("Layer");
    case Z: return tr("Z");
    case Line: return tr("Line");
    case Byte: return tr("Byte");
    case PrintedTwice: return tr("Printed twice");
    case LeftOpen: return tr("Left open");
    case Risks: return tr("Risks");
    default: return {};
    }
}

QString kindText(ResumeCandidate::Kind kind)
{
    switch (kind) {
    case ResumeCandidate::Kind::FirstSafeCut: return CandidateModel::tr("the first safe travel");
    case ResumeCandidate::Kind::LikelyLine: return CandidateModel::tr("the line it stopped on");
    case ResumeCandidate::Kind::StartOfLayer: return CandidateModel::tr("the start of this layer");
    case ResumeCandidate::Kind::StartOfPreviousLayer: return CandidateModel::tr("the start of the layer before");
    case ResumeCandidate::Kind::StartOfNextLayer: return CandidateModel::tr("the start of the next layer");
    case ResumeCandidate::Kind::StartOfFeature: return CandidateModel::tr("the start of this line group");
    case ResumeCandidate::Kind::Chosen: return CandidateModel::tr("a chosen line");
    }
    return {};
}

QString causeText(recovery::StopCause cause)
{
    using recovery::StopCause;
    switch (cause) {
    case StopCause::Unknown: return CandidateModel::tr("not known");
    case StopCause::PrinterPowerLost: return CandidateModel::tr("the printer lost power");
    case StopCause::LinkLost: return CandidateModel::tr("the link was lost, the printer stayed on");
    case StopCause::HostLost: return CandidateModel::tr("the printer's host stopped");
    case StopCause::PrinterAndHostLost: return CandidateModel::tr("printer and host lost power");
    case StopCause::MotorSupplyLost: return CandidateModel::tr("the motors lost their supply, the logic stayed on");
    case StopCause::EmergencyStop: return CandidateModel::tr("emergency stop");
    case StopCause::FirmwareShutdown: return CandidateModel::tr("the firmware shut down");
    }
    return {};
}

} // namespace kintsugi::app
