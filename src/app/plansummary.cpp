// SPDX-License-Identifier: GPL-3.0-or-later
#include "plansummary.h"

#include <QCoreApplication>
#include <QLocale>
#include <QStringList>

#include "errortext.h"

namespace kintsugi::app {

using namespace Qt::StringLiterals;

namespace {

struct Text { Q_DECLARE_TR_FUNCTIONS(PlanSummary) };

constexpr double shown = 0.05; ///< mm of path: less is nothing

QString mm(double value, int decimals = 1) { return Text::tr("%1 mm").arg(QLocale().toString(value, 'f', decimals)); }

QString number(std::size_t value) { return QLocale().toString(static_cast<qulonglong>(value)); }

QString whereText(const gcode::FileIndex& index, const recovery::ResumeCandidate& candidate)
{
    const bool known = candidate.layer < index.layers.size();
    const double z = known ? index.layers[candidate.layer].z.value_or(candidate.z) : candidate.z;
    const QString layer = Text::tr("Resumes in layer %1 of %2 at Z %3").arg(number(candidate.layer + 1), number(index.layers.size()), mm(z, 2));
    const QString feature = featureName(candidate.feature), object = printable(QString::fromStdString(candidate.object));
    if (candidate.objectExcluded)
        return Text::tr("%1, in the excluded object %2.").arg(layer, object);
    if (feature.isEmpty())
        return object.isEmpty() ? layer + u'.' : Text::tr("%1, in object %2.").arg(layer, object);
    //: where, what is printed there ("outer wall"), of which object
    return object.isEmpty() ? Text::tr("%1, in: %2.").arg(layer, feature) : Text::tr("%1, in: %2 of object %3.").arg(layer, feature, object);
}

QString overlapText(const recovery::ResumeCandidate& candidate)
{
    QStringList parts;
    if (candidate.printedTwiceMm >= shown)
        parts << Text::tr("%1 are printed twice.").arg(mm(candidate.printedTwiceMm));
    if (candidate.leftOpenMm >= shown)
        parts << Text::tr("%1 stay open.").arg(mm(candidate.leftOpenMm));
    return parts.join(u' ');
}

QString wayText(const recovery::Plan& plan, const recovery::PlanPicture* picture)
{
    const QString lift = Text::tr("The head rises to Z %1").arg(mm(plan.liftToZ));
    if (!picture || picture->comesFrom == recovery::Side::Above)
        return lift + u'.';
    //: how high, then from where ("the front left")
    return Text::tr("%1 and comes over %2.").arg(lift, text(recovery::sideText(picture->comesFrom)));
}

} // namespace

QString featureName(const std::string& asTheSlicerSays)
{
    if (asTheSlicerSays.empty())
        return {};
    const std::string comment = "TYPE:" + asTheSlicerSays;
    const auto note = gcode::featureNote(comment, gcode::Slicer::Unknown);
    return note && note->feature != gcode::Feature::Other ? text(gcode::featureText(note->feature)) : printable(QString::fromStdString(asTheSlicerSays));
}

QString summaryText(const gcode::FileIndex& index, const recovery::ResumeCandidate& candidate, const recovery::Plan* plan, const recovery::PlanPicture* picture)
{
    QStringList sentences{whereText(index, candidate), overlapText(candidate)};
    if (plan)
        sentences << wayText(*plan, picture);
    if (picture)
        sentences << text(picture->report.text);
    sentences.removeAll(QString());
    return sentences.join(u' ');
}

} // namespace kintsugi::app
