// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>

#include "assistantpage.h"

class QButtonGroup;
class QCheckBox;
class QDoubleSpinBox;

namespace kintsugi::ui {

/// How Z becomes true again, and what each way assumes.
class ZPage final : public AssistantPage
{
    Q_OBJECT
public:
    ZPage(app::ResumeFlow& flow, app::Session& session, QWidget* parent = nullptr);
    void entered() override;
    [[nodiscard]] bool isComplete() const override;

private:
    void addMethod(recovery::ZMethod method, const QString& name, const QString& how);
    void showJudgement(recovery::ZMethod method, QLabel* label) const;
    void showFlow();
    void apply();
    [[nodiscard]] QString touchText() const;
    [[nodiscard]] const Error* refusal() const;

    app::Session& m_session;
    std::map<recovery::ZMethod, QLabel*> m_judged;
    QButtonGroup* m_methods;
    QCheckBox* m_supply;
    QCheckBox* m_known;
    QDoubleSpinBox* m_height;
    QLabel* m_heightHint;
};

} // namespace kintsugi::ui
