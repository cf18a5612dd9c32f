// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <string_view>
#include <vector>

#include <QApplication>
#include <QCommandLineParser>
#include <QLibraryInfo>
#include <QLocale>
#include <QStandardPaths>
#include <QTranslator>

#include "archive.h"
#include "demobench.h"
#include "driverfactory.h"
#include "filecache.h"
#include "mainwindow.h"
#include "profile.h"
#include "secrets.h"
#include "workshop.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;

namespace {

bool hasArgument(int argc, char** argv, std::initializer_list<std::string_view> wanted)
{
    return std::any_of(argv + 1, argv + argc, [&](const char* argument) {
        return std::find(wanted.begin(), wanted.end(), std::string_view(argument)) != wanted.end();
    });
}

/// Qt aborts when there is nothing to draw on; a person deserves a sentence.
bool haveDisplay(int argc, char** argv)
{
    for (const char* name : {"DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"}) {
        if (!qEnvironmentVariableIsEmpty(name))
            return true;
    }
    return hasArgument(argc, argv, {"-platform", "--platform"});
}

void describe(QCommandLineParser& parser)
{
    parser.setApplicationDescription(QCoreApplication::translate("main", "Resumes interrupted 3D prints."));
    parser.addOption({u"demo"_s, QCoreApplication::translate("main", "Open with the demo printer.")});
    parser.addOption({u"store"_s, QCoreApplication::translate("main", "Keep the history there instead of in your data folder."), u"url"_s});
    parser.addPositionalArgument(u"files"_s, QCoreApplication::translate("main", "G-code files to look at, without a printer."), u"[files…]"_s);
    parser.addHelpOption();
    parser.addVersionOption();
}

double now()
{
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

QString dataFolder()
{
    return QStandardPaths::writableLocation(QStandardPaths::AppLocalDataLocation);
}

void loadTranslations(QCoreApplication& application)
{
    auto* ours = new QTranslator(&application);
    if (ours->load(QLocale(), u"kintsugi"_s, u"_"_s, u":/i18n"_s) || ours->load(u":/i18n/kintsugi_en.qm"_s)) // for its plurals
        QCoreApplication::installTranslator(ours);
    auto* qts = new QTranslator(&application);
    if (qts->load(QLocale(), u"qtbase"_s, u"_"_s, QLibraryInfo::path(QLibraryInfo::TranslationsPath)))
        QCoreApplication::installTranslator(qts);
}

int runText(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    loadTranslations(application);
    QCommandLineParser parser;
    describe(parser);
    parser.process(application);
    return 0;
}

int runWindow(int argc, char** argv)
{
    std::signal(SIGXFSZ, SIG_IGN); // a write beyond the limit is an error then, and what was begun is removed
    QApplication application(argc, argv);
    QGuiApplication::setDesktopFileName(u"kintsugi"_s);
    QGuiApplication::setWindowIcon(QIcon::fromTheme(u"kintsugi"_s));
    loadTranslations(application);
    QCommandLineParser parser;
    describe(parser);
    parser.process(application);

    app::Archive archive;
    app::FileCache files(app::FileCache::defaultFolder());
    app::KeychainSecrets secrets;
    app::ProfileList profiles(app::ProfileList::defaultPath());
    gui::DemoBench bench(dataFolder() + u"/demo"_s);
    link::DriverFactory drivers;
    drivers.add(u"demo"_s, [&bench](const link::Address&) { return bench.makeDriver(); });
    ui::Workshop workshop({archive, files, secrets, profiles, drivers, now, [&bench](const app::Profile&) { return &bench; }});
    ui::MainWindow window(workshop);
    QObject::connect(&archive, &app::Archive::failed, &window, &ui::MainWindow::showError);
    QObject::connect(&archive, &app::Archive::notice, &window, &ui::MainWindow::showError);
    archive.open(parser.isSet(u"store"_s) ? QUrl(parser.value(u"store"_s)) : app::Store::defaultUrl());
    workshop.load();
    if (parser.isSet(u"demo"_s))
        window.tryDemo();
    window.show();
    for (const QString& file : parser.positionalArguments())
        window.openFile(file);
    return QApplication::exec();
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication::setApplicationName(u"kintsugi"_s);
    QCoreApplication::setApplicationVersion(QStringLiteral(KINTSUGI_VERSION));
    if (hasArgument(argc, argv, {"--version", "-v", "--help", "-h"}))
        return runText(argc, argv);
    if (!haveDisplay(argc, argv)) {
        std::fputs("error: there is no display. Log in to a desktop, connect with ssh -X, run xvfb-run kintsugi, "
                   "or use kintsugi-cli, which needs no window.\n", stderr);
        return 1;
    }
    return runWindow(argc, argv);
}
