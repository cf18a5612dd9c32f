// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDir>
#include <QFile>
#include <QRegularExpression>
#include <QTest>
#include <QXmlStreamReader>

using namespace Qt::StringLiterals;

/// German is complete, and no translation loses a number.
class TestTranslation : public QObject
{
    Q_OBJECT
private slots:
    void isComplete();
};

namespace {

QStringList placeholders(const QString& text)
{
    static const QRegularExpression pattern(u"%(?:\\d|n)"_s);
    QStringList found;
    for (auto it = pattern.globalMatch(text); it.hasNext();)
        found << it.next().captured();
    found.removeDuplicates();
    found.sort();
    return found;
}

} // namespace

void TestTranslation::isComplete()
{
    QFile file(QDir(QStringLiteral(KINTSUGI_TRANSLATIONS)).filePath(u"kintsugi_de.ts"_s));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QXmlStreamReader xml(&file);
    int messages = 0;
    QString context;
    QString source;
    QStringList problems;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement)
            continue;
        if (xml.name() == "name"_L1) {
            context = xml.readElementText();
        } else if (xml.name() == "source"_L1) {
            source = xml.readElementText();
            ++messages;
        } else if (xml.name() == "translation"_L1) {
            if (xml.attributes().value("type"_L1) == "unfinished"_L1)
                problems << u"unfinished: "_s + context + u": "_s + source;
            QStringList forms;
            while (!(xml.readNext() == QXmlStreamReader::EndElement && xml.name() == "translation"_L1) && !xml.atEnd()) {
                if (xml.isCharacters() && !xml.text().trimmed().isEmpty())
                    forms << xml.text().toString();
            }
            for (const QString& form : forms) {
                QStringList wanted = placeholders(source);
                QStringList given = placeholders(form);
                wanted.removeAll(u"%n"_s); // "one day" may go without its number
                given.removeAll(u"%n"_s);
                if (given != wanted)
                    problems << u"placeholders: "_s + source + u" -> "_s + form;
            }
            if (forms.isEmpty())
                problems << u"empty: "_s + context + u": "_s + source;
        }
    }
    QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
    QVERIFY(messages > 300);
    QVERIFY2(problems.isEmpty(), qPrintable(QString::number(problems.size()) + u" of "_s + QString::number(messages) + u"\n"_s + problems.mid(0, 20).join(u'\n')));
}

QTEST_APPLESS_MAIN(TestTranslation)
#include "tst_translation.moc"
