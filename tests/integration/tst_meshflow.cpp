// SPDX-License-Identifier: GPL-3.0-or-later

#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include "jobfixture.h"

using namespace Qt::StringLiterals;
using namespace kintsugi;
using namespace kintsugi::app;
namespace run = kintsugi::recovery::run;

namespace {

constexpr double fast = 40, slow = 0.5; // virtual seconds per second
constexpr int longest = 60'000;         // ms

QByteArray contentOf(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

/// A mesh that was probed for one print alone is gone after the power cut; the resume brings its points back.
class TestMeshFlow : public test::JobFixture
{
    Q_OBJECT
private slots:
    void init();
    void cleanup();
    void probedMeshIsRestored();
    void piecesOfAFile();

private:
    void send(const QString& script);
    void printAndCut();
    void makePlan();
    void finishPrint();
    [[nodiscard]] std::string verdict(const std::string& id) const;

};

void TestMeshFlow::init()
{
    newFolder();
    openHouse(std::make_unique<DemoStand>(m_folder->filePath(u"printer_data"_s), fast));
    m_session->connectPrinter();
    QTRY_COMPARE_WITH_TIMEOUT(m_session->state(), PrinterState::Idle, longest);
}

void TestMeshFlow::cleanup()
{
    closeHouse();
}

void TestMeshFlow::send(const QString& script)
{
    std::optional<Result<link::ScriptResult>> sent;
    m_session->send(u"script"_s, script, this, [&](const auto& result) { sent = result; });
    QTRY_VERIFY_WITH_TIMEOUT(sent, longest);
    QVERIFY2(*sent, sent->has_value() ? "" : qPrintable(errorText(sent->error()).full()));
}

void TestMeshFlow::printAndCut()
{
    send(u"G28\nBED_MESH_CALIBRATE"_s);
    m_stand->call([](sim::Klippy& klippy) { klippy.atLayer(3, 0.2, [&klippy] { klippy.setSpeed(slow); }); });
    std::optional<Result<>> begun;
    m_session->driver().startPrint(m_stand->file(), this, [&](const Result<>& result) { begun = result; });
    QTRY_VERIFY(begun);
    QVERIFY(*begun);
    QTRY_VERIFY_WITH_TIMEOUT(m_stand->ask([](sim::Klippy& klippy) { return klippy.speed(); }) < 1, longest);
    QSignalSpy sampled(m_session.get(), &Session::sampled);
    QTRY_VERIFY_WITH_TIMEOUT(sampled.size() >= 4, longest);
    QSignalSpy interrupted(&m_session->recorder(), &Recorder::jobInterrupted);
    m_stand->cutPower();
    QTRY_VERIFY_WITH_TIMEOUT(m_session->state() == PrinterState::Offline, longest);
    m_stand->goFast();
    m_stand->restorePower();
    QVERIFY(!interrupted.isEmpty() || interrupted.wait(longest));
    QTRY_COMPARE_WITH_TIMEOUT(m_session->host().state, link::HostState::Ready, longest);
}

void TestMeshFlow::makePlan()
{
    const double z = m_stand->ask([](sim::Klippy& klippy) { return klippy.truePosition()[2]; });
    m_flow = std::make_unique<ResumeFlow>(*m_session);
    connect(m_flow.get(), &ResumeFlow::failed, this, [this](const Error& error) { m_errors << u"flow: "_s + errorText(error).full(); });
    QTRY_VERIFY_WITH_TIMEOUT(m_session->recorder().interruptedJob(), longest);
    m_flow->begin(*m_session->recorder().interruptedJob());
    QTRY_VERIFY_WITH_TIMEOUT(m_flow->snapshot() && !m_flow->isBusy(), longest);
    Statements statements = m_flow->statements();
    statements.partStuck = statements.nothingMoved = true;
    statements.contact = recovery::NozzleContact::Touching;
    statements.declaredZ = z;
    m_flow->setZMethod(recovery::ZMethod::Touch);
    m_flow->setStatements(statements);
    QTRY_VERIFY_WITH_TIMEOUT(!m_flow->isBusy() && m_flow->plan(), longest);
}

void TestMeshFlow::finishPrint()
{
    QSignalSpy failed(m_flow.get(), &ResumeFlow::failed), finished(m_flow.get(), &ResumeFlow::finished);
    m_flow->setWay(run::Way::ZeroCopy);
    m_flow->arm();
    QTRY_VERIFY_WITH_TIMEOUT(std::holds_alternative<run::Armed>(m_flow->runState()) || !failed.isEmpty(), longest);
    QVERIFY2(failed.isEmpty(), qPrintable(m_errors.join(u"; "_s)));
    QCOMPARE(verdict("file-content"), std::string("passed")); // read back over HTTP, piece by piece
    m_flow->launch();
    QVERIFY2(!finished.isEmpty() || finished.wait(longest), qPrintable(m_errors.join(u"; "_s)));
    QVERIFY2(m_flow->report()->completed, qPrintable(m_flow->report()->endState + u"; "_s + m_errors.join(u"; "_s)));
}

std::string TestMeshFlow::verdict(const std::string& id) const
{
    for (const recovery::GateCheck& check : m_flow->gate()) {
        if (check.id == id)
            return check.passed ? "passed" : std::string(recovery::name(check.severity));
    }
    return "absent";
}

void TestMeshFlow::probedMeshIsRestored()
{
    const QString configuration = m_folder->filePath(u"printer_data/config/printer.cfg"_s);
    const QByteArray before = contentOf(configuration);
    QVERIFY(before.contains("[bed_mesh default]"));
    printAndCut();
    if (QTest::currentTestFailed())
        return;
    makePlan();
    if (QTest::currentTestFailed())
        return;
    // The saved profile of the same name came back, but its points are others.
    QVERIFY(bool(m_flow->snapshot()->mesh));
    QCOMPARE(m_flow->snapshot()->mesh->profile, std::string("default"));
    QCOMPARE(int(m_flow->meshAdvice().kind), int(recovery::MeshAdvice::Kind::RestoreByMatrix));
    QCOMPARE(verdict("mesh"), std::string("warn"));

    m_flow->proposeMesh();
    QTRY_COMPARE_WITH_TIMEOUT(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Proposed), longest);
    QCOMPARE(contentOf(configuration), before);
    m_flow->restoreMesh();
    QTRY_COMPARE_WITH_TIMEOUT(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Restored), longest);
    QTRY_VERIFY_WITH_TIMEOUT(!m_flow->isBusy() && m_flow->plan(), longest);
    QCOMPARE(verdict("mesh"), std::string("passed"));
    QVERIFY(m_flow->planText().contains(u"BED_MESH_PROFILE LOAD=kintsugi_resume\n"_s));
    QVERIFY(contentOf(configuration).contains("[bed_mesh default]")); // the person's own stays
    QCOMPARE(contentOf(m_folder->filePath(u"printer_data/config/"_s + m_flow->meshRestore().keptAs)), before);

    finishPrint();
    if (QTest::currentTestFailed())
        return;
    std::optional<recovery::Sample> now;
    m_session->driver().readStatus(this, [&](const Result<recovery::Sample>& sample) { now = sample.value_or(recovery::Sample()); });
    QTRY_VERIFY(now);
    QCOMPARE(now->meshProfile, std::string("kintsugi_resume"));
    QVERIFY(now->mesh && now->mesh->probed == m_flow->snapshot()->mesh->probed);

    send(u"TURN_OFF_HEATERS"_s);
    QVERIFY(m_flow->canUndoMesh());
    m_flow->undoMesh();
    QTRY_COMPARE_WITH_TIMEOUT(int(m_flow->meshRestore().stage), int(MeshRestore::Stage::Idle), longest);
    QCOMPARE(contentOf(configuration), before);
    std::optional<link::Driver::MeshProfiles> meshes;
    m_session->driver().readMeshes(this, [&](const Result<link::Driver::MeshProfiles>& found) { meshes = found.value_or(link::Driver::MeshProfiles()); });
    QTRY_VERIFY(meshes);
    QCOMPARE(meshes->size(), std::size_t{1});
    QVERIFY(meshes->contains("default"));
}

void TestMeshFlow::piecesOfAFile()
{
    const QByteArray bytes = contentOf(m_folder->filePath(u"printer_data/gcodes/"_s + m_stand->file()));
    const auto size = static_cast<quint64>(bytes.size());
    using Pieces = std::vector<QByteArray>;
    const auto read = [this](const QString& name, const std::vector<link::Driver::Block>& blocks) {
        std::optional<Result<Pieces>> answer;
        m_session->driver().readBlocks(u"gcodes"_s, name, blocks, this, [&](const Result<Pieces>& pieces) { answer = pieces; });
        (void)QTest::qWaitFor([&] { return answer.has_value(); }, longest);
        return answer.value_or(Result<Pieces>(fail(ErrorCode::Timeout)));
    };
    const auto pieces = read(m_stand->file(), {{0, 10}, {100, 4096}, {0, 0}, {size - 7, 7}});
    QVERIFY(pieces.has_value());
    QCOMPARE(*pieces, (Pieces{bytes.left(10), bytes.mid(100, 4096), {}, bytes.right(7)}));
    QCOMPARE(read(m_stand->file(), {{size - 7, 8}}).error().code, ErrorCode::FileChanged);
    QCOMPARE(read(m_stand->file(), {{size + 7, 8}}).error().code, ErrorCode::FileChanged);
    QCOMPARE(read(u"nothing.gcode"_s, {{0, 1}}).error().code, ErrorCode::FileMissing);
}

QTEST_GUILESS_MAIN(TestMeshFlow)
#include "tst_meshflow.moc"
