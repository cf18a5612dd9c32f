// SPDX-License-Identifier: GPL-3.0-or-later
#include <QSet>
#include <QTest>

#include "errortext.h"

using namespace kintsugi;
using namespace kintsugi::app;
using namespace Qt::StringLiterals;

class TstErrorText final : public QObject
{
    Q_OBJECT
private slots:
    void everyCodeHasWords();
    void contextIsShown();
    void textsFromOutsideStayPlain();
    void messagesAreNotExpandedTwice();
};

void TstErrorText::everyCodeHasWords()
{
    QSet<QString> seen;
    for (int code = 0; code <= static_cast<int>(ErrorCode::BadUsage); ++code) {
        const ErrorText words = errorText({.code = static_cast<ErrorCode>(code)});
        QVERIFY2(words.what.endsWith(u'.'), qPrintable(QString::number(code)));
        QVERIFY2(words.whatToDo.endsWith(u'.'), qPrintable(QString::number(code)));
        QVERIFY2(!seen.contains(words.what), qPrintable(words.what));
        seen.insert(words.what);
        QVERIFY(!words.full().contains(u'%'));
    }
}

void TstErrorText::contextIsShown()
{
    const QString all = errorText({.code = ErrorCode::BadValue, .detail = "odd", .file = "variables.cfg", .field = "a.b[2]", .line = 7,
                                   .byte = 99, .measured = 1.5, .limit = 2}).what;
    for (const QString& part : {u"variables.cfg"_s, u"a.b[2]"_s, u"line 7"_s, u"byte 99"_s, u"1.5"_s, u"limit 2"_s, u"odd"_s})
        QVERIFY2(all.contains(part), qPrintable(part));
    QVERIFY(errorText({.code = ErrorCode::Refused, .detail = "SD busy"}).what.contains(u"SD busy"_s));
    const QString missing = errorText({.code = ErrorCode::FileMissing, .file = "x.gcode"}).what;
    QCOMPARE(missing.count(u"x.gcode"_s), 1);
}

void TstErrorText::textsFromOutsideStayPlain()
{
    const QString text = errorText({.code = ErrorCode::Refused, .detail = "a\nb\x1b[31m%1\xe2\x80\xae" "gpj"}).what;
    QVERIFY(text.contains(u"a\\x0ab\\x1b[31m%1\\u202egpj"_s));
    QCOMPARE(printable(u"Grün 日本"_s), u"Grün 日本"_s);
}

void TstErrorText::messagesAreNotExpandedTwice()
{
    const Message message{"%1 and %2, not %3", {"%2", "b"}};
    QCOMPARE(text(message), u"%2 and b, not "_s);
    QCOMPARE(text(Message{"100 % of %1", {"x\ty"}}), u"100 % of x\\x09y"_s);
}

QTEST_GUILESS_MAIN(TstErrorText)
#include "tst_errortext.moc"
