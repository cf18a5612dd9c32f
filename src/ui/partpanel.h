// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <optional>

#include <QWidget>

#include "filecache.h"
#include "recoverability.h"
#include "recovery/planpicture.h"
#include "recovery/stopinterval.h"
#include "resumeflow.h"

class QButtonGroup;
class QLabel;
class QPushButton;
class QSlider;

namespace kintsugi::ui {

class PartLegend;
class PartView;
class RecoverStrip;
class SideView;

/// The part from above and from the side with what belongs to it: a summary in words, the layer and the place along it to
/// scrub through, zoom, legend. Either one view at a time, or both side by side.
class PartPanel final : public QWidget
{
    Q_OBJECT
public:
    enum class Arrangement { OneView, SideBySide };
    explicit PartPanel(Arrangement arrangement, QWidget* parent = nullptr);

    [[nodiscard]] PartView& part() { return *m_part; }
    [[nodiscard]] SideView& side() { return *m_side; }
    void setFile(const std::shared_ptr<const app::OpenFile>& file);
    void setStop(const std::optional<recovery::StopInterval>& stop);
    void setResumeByte(std::optional<ByteOffset> byte);
    void setPicture(const std::shared_ptr<const recovery::PlanPicture>& picture);
    void showPlanOf(const app::ResumeFlow& flow);            ///< picture and summary of its chosen point
    void showAllOf(const app::ResumeFlow& flow);             ///< file, stop, chosen point and plan
    void setSummary(const QString& text);                    ///< empty hides it
    void setRecoverability(const app::Recoverability& layers); ///< nullptr hides the strip
    void setChoosing(bool on);                               ///< off: only to look at
    void showLayer(std::size_t layer);

signals:
    void picked(kintsugi::ByteOffset byte);
    void failed(const kintsugi::Error& error);

private:
    QLayout* makeTools();
    QWidget* makeViews(Arrangement arrangement);
    QLayout* makeScrubbers();
    void follow();
    void showView(int which);
    void showScrub();
    void showLegend();

    PartView* m_part;
    SideView* m_side;
    QLabel* m_summary;
    QButtonGroup* m_views;
    RecoverStrip* m_recover;
    QSlider* m_layer;
    QSlider* m_along;
    QLabel* m_layerText;
    QLabel* m_alongText;
    QPushButton* m_choose;
    PartLegend* m_legend;
    std::shared_ptr<const app::OpenFile> m_file;
    bool m_both;
};

} // namespace kintsugi::ui
