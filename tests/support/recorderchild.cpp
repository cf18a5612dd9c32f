// SPDX-License-Identifier: GPL-3.0-or-later
// Records a made-up print without end and says on stdout what the store has acknowledged. Made to be killed.
#include <cstdio>

#include <QCoreApplication>
#include <QTimer>

#include "fakedriver.h"
#include "recorder.h"

using namespace kintsugi;
using namespace Qt::StringLiterals;
using test::FakeDriver;

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    const QStringList arguments = QCoreApplication::arguments();
    if (arguments.size() < 3)
        return 2;
    double now = arguments[2].toDouble();
    app::Archive archive;
    FakeDriver driver;
    app::Recorder recorder(u"p"_s, driver, archive, [&now] { return now; });
    int saves = 0;

    QObject::connect(&archive, &app::Archive::notice, [] { std::printf("damaged\n"); });
    QObject::connect(&archive, &app::Archive::stored, [&](const QString&, int samples) {
        std::printf("samples %d\n", samples);
        std::fflush(stdout);
    });
    QObject::connect(&recorder, &app::Recorder::variablesStored, [](const app::VariablesCopy& copy) {
        std::printf("variables %lld\n", static_cast<long long>(copy.id));
        std::fflush(stdout);
    });

    QTimer tick;
    QObject::connect(&tick, &QTimer::timeout, [&] {
        now += 0.25;
        const double duration = now - arguments[2].toDouble();
        driver.emitSample(FakeDriver::printing(u"tower.gcode"_s, now, static_cast<ByteOffset>(duration * 100), duration));
        if (static_cast<int>(duration * 4) % 16 == 0)
            driver.writeFile(u"config/variables.cfg"_s, "[Variables]\nx = " + QByteArray::number(++saves) + "\n\n");
    });
    QObject::connect(&archive, &app::Archive::opened, [&] {
        driver.goOnline();
        tick.start(1);
    });
    archive.open(QUrl::fromLocalFile(arguments[1]));
    recorder.start();
    return QCoreApplication::exec();
}
