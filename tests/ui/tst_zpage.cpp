// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QPalette>
#include <QRadioButton>
#include <QScrollArea>
#include <QTest>

#include "fakejob.h"
#include "zpage.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
using recovery::ZMethod;
using test::FakeJob;

/// Each way to register Z, with what it assumes, what is not proved and how well it knows the height.
class TestZPage : public QObject
{
    Q_OBJECT
private slots:
    void eachWaySaysWhatItIsWorth();
};

namespace {

QRadioButton* way(const QWidget& page, const QString& text)
{
    for (QRadioButton* button : page.findChildren<QRadioButton*>()) {
        if (QString(button->text()).remove(u'&').contains(text))
            return button;
    }
    return nullptr;
}

bool says(const QWidget& page, const QString& text)
{
    const auto labels = page.findChildren<QLabel*>();
    return std::any_of(labels.begin(), labels.end(), [&](const QLabel* label) { return label->isVisibleTo(&page) && label->text().contains(text); });
}

} // namespace

void TestZPage::eachWaySaysWhatItIsWorth()
{
    FakeJob job("BED_MESH_PROFILE LOAD=default\n");
    job.driver->settings[u"probe"_s] = QJsonObject{{u"x_offset"_s, -20.0}, {u"y_offset"_s, 25.0}, {u"z_offset"_s, 1.8}};
    recovery::MeshMatrix mesh;
    mesh.profile = "default";
    mesh.minimum = {10, 10};
    mesh.maximum = {225, 225};
    mesh.probed = {{0.1, 0.1}, {0.1, 0.1}};
    job.driver->meshes["default"] = mesh;
    QVERIFY2(job.plan(ZMethod::FreeSpot), qPrintable(job.why()));

    QScrollArea area;
    auto* const page = new ui::ZPage(*job.flow, *job.session);
    area.setWidget(page);
    area.setWidgetResizable(true);
    area.resize(900, 1100);
    area.show();
    const QString pictures = qEnvironmentVariable("KINTSUGI_PICTURES");
    const auto picture = [&](const QString& name) {
        if (!pictures.isEmpty())
            area.grab().save(pictures + u'/' + name + u".png"_s);
    };
    const auto choose = [&](const QString& text) {
        QRadioButton* const button = way(*page, text);
        QVERIFY2(button && button->isEnabled(), qPrintable(text));
        QVERIFY(!button->accessibleDescription().isEmpty());
        button->click();
        QTRY_VERIFY(!job.flow->isBusy());
    };
    auto* const declares = page->findChild<QDoubleSpinBox*>();
    QCheckBox* supply = nullptr;
    for (QCheckBox* box : page->findChildren<QCheckBox*>())
        supply = box->text().contains(u"supply"_s) ? box : supply;
    QVERIFY(declares && supply);

    QVERIFY(way(*page, u"Probe the bed"_s)->isChecked());
    QVERIFY(page->isComplete());
    QVERIFY(!declares->isEnabled() && !supply->isVisibleTo(page));
    QVERIFY(says(*page, u"% of a layer of 0.20 mm"_s));
    QVERIFY(says(*page, u"The printer finds it by itself."_s));
    picture(u"zpage_freespot"_s);

    choose(u"end switch at the top"_s);
    QVERIFY(!page->isComplete());
    QVERIFY(says(*page, u"Z homes at the bottom of this printer"_s));
    picture(u"zpage_refused"_s);

    QVERIFY(!way(*page, u"calibrated switches"_s)->isEnabled()); // its engine is not there
    QVERIFY(says(*page, u"cannot calibrate the switches yet"_s));

    choose(u"Keep the height"_s);
    QVERIFY(supply->isVisibleTo(page) && !supply->isChecked());
    QVERIFY(says(*page, u"motors' supply stayed on"_s));
    supply->click();
    QVERIFY(job.flow->statements().supplyStayed);
    QTRY_VERIFY(!job.flow->isBusy());
    QVERIFY(!says(*page, u"motors' supply stayed on"_s));
    if (!pictures.isEmpty()) {
        const QPalette before = QApplication::palette();
        QPalette dark(QColor(0x2a, 0x2d, 0x33), QColor(0x24, 0x27, 0x2c));
        dark.setColor(QPalette::Base, QColor(0x1b, 0x1d, 0x21));
        QApplication::setPalette(dark);
        QTest::qWait(50);
        picture(u"zpage_keep_dark"_s);
        QApplication::setPalette(before);
    }
    QVERIFY(job.scripts().isEmpty());
}

QTEST_MAIN(TestZPage)
#include "tst_zpage.moc"
