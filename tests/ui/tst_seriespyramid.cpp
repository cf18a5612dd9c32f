// SPDX-License-Identifier: GPL-3.0-or-later
#include <cmath>
#include <limits>
#include <random>

#include <QTest>

#include "seriespyramid.h"

using kintsugi::ui::SeriesPyramid;

class TestSeriesPyramid : public QObject
{
    Q_OBJECT
private slots:
    void equalsBruteForce_data();
    void equalsBruteForce();
    void growsBySlices();
    void onlyNan();
};

namespace {

template <class T>
std::vector<T> noise(std::size_t size, unsigned seed)
{
    std::mt19937 random(seed);
    std::uniform_real_distribution<T> value(-100, 100);
    std::vector<T> column(size);
    for (T& entry : column)
        entry = random() % 20 == 0 ? std::numeric_limits<T>::quiet_NaN() : value(random);
    return column;
}

template <class T>
typename SeriesPyramid<T>::Range bruteForce(const std::vector<T>& column, std::size_t first, std::size_t last)
{
    typename SeriesPyramid<T>::Range range;
    for (std::size_t i = first; i < std::min(last, column.size()); ++i) {
        if (!std::isnan(column[i])) {
            range.min = std::min(range.min, column[i]);
            range.max = std::max(range.max, column[i]);
        }
    }
    return range;
}

} // namespace

void TestSeriesPyramid::equalsBruteForce_data()
{
    QTest::addColumn<int>("size");
    for (const int size : {0, 1, 15, 16, 17, 255, 256, 257, 4095, 4096, 4097, 70000})
        QTest::addRow("%d entries", size) << size;
}

void TestSeriesPyramid::equalsBruteForce()
{
    QFETCH(int, size);
    const auto column = noise<float>(static_cast<std::size_t>(size), 7);
    SeriesPyramid<float> pyramid;
    QVERIFY(pyramid.extend(column));
    QCOMPARE(pyramid.size(), column.size());
    std::mt19937 random(11);
    for (int round = 0; round < 400; ++round) {
        std::size_t first = random() % (column.size() + 1);
        std::size_t last = random() % (column.size() + 20);
        if (round % 3 == 0) { // whole blocks are where the levels are used
            first -= first % 256;
            last -= last % 256;
        }
        const auto expected = bruteForce(column, first, last);
        const auto range = pyramid.range(column, first, last);
        QCOMPARE(range.isEmpty(), expected.isEmpty());
        if (!expected.isEmpty()) {
            QCOMPARE(range.min, expected.min);
            QCOMPARE(range.max, expected.max);
        }
    }
}

void TestSeriesPyramid::growsBySlices()
{
    const auto column = noise<double>(10000, 3);
    SeriesPyramid<double> pyramid;
    std::vector<double> growing;
    for (std::size_t i = 0; i < column.size(); i += 37) {
        growing.assign(column.begin(), column.begin() + static_cast<std::ptrdiff_t>(std::min(column.size(), i + 37)));
        while (!pyramid.extend(growing, 10)) { }
    }
    QCOMPARE(pyramid.size(), column.size());
    const auto expected = bruteForce(column, 123, 9876);
    QCOMPARE(pyramid.range(column, 123, 9876).min, expected.min);
    QCOMPARE(pyramid.range(column, 123, 9876).max, expected.max);
    pyramid.clear();
    QCOMPARE(pyramid.size(), std::size_t{0});
    QVERIFY(pyramid.range(column, 0, 100).isEmpty());
}

void TestSeriesPyramid::onlyNan()
{
    const std::vector<float> column(1000, std::numeric_limits<float>::quiet_NaN());
    SeriesPyramid<float> pyramid;
    QVERIFY(pyramid.extend(column));
    QVERIFY(pyramid.range(column, 0, 1000).isEmpty());
}

QTEST_APPLESS_MAIN(TestSeriesPyramid)
#include "tst_seriespyramid.moc"
