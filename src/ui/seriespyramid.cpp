// SPDX-License-Identifier: GPL-3.0-or-later
#include "seriespyramid.h"

#include <algorithm>

namespace kintsugi::ui {

template <class T>
void SeriesPyramid<T>::Range::add(const Range& other)
{
    min = std::min(min, other.min);
    max = std::max(max, other.max);
}

template <class T>
void SeriesPyramid<T>::Range::add(T value)
{
    // both comparisons are false for NaN
    if (value < min)
        min = value;
    if (value > max)
        max = value;
}

template <class T>
void SeriesPyramid<T>::clear()
{
    m_levels.clear();
    m_size = 0;
}

template <class T>
void SeriesPyramid<T>::carryUp(std::size_t level)
{
    while (m_levels[level].size() % fanOut == 0) {
        const auto& blocks = m_levels[level];
        Range whole;
        for (std::size_t i = blocks.size() - fanOut; i < blocks.size(); ++i)
            whole.add(blocks[i]);
        ++level;
        if (level == m_levels.size())
            m_levels.emplace_back();
        m_levels[level].push_back(whole);
    }
}

template <class T>
bool SeriesPyramid<T>::extend(std::span<const T> column, std::size_t budget)
{
    const std::size_t end = m_size + std::min(column.size() - std::min(m_size, column.size()), budget);
    if (m_levels.empty())
        m_levels.emplace_back();
    std::size_t blocks = m_levels[0].size();
    for (; (blocks + 1) * fanOut <= end; ++blocks) {
        Range block;
        for (std::size_t i = blocks * fanOut; i < (blocks + 1) * fanOut; ++i)
            block.add(column[i]);
        m_levels[0].push_back(block);
        carryUp(0);
    }
    m_size = end;
    return m_size >= column.size();
}

template <class T>
typename SeriesPyramid<T>::Range SeriesPyramid<T>::range(std::span<const T> column, std::size_t first, std::size_t last) const
{
    Range result;
    last = std::min(last, m_size);
    std::size_t i = first;
    while (i < last) {
        std::size_t level = 0; // number of levels climbed; 0 = the column itself
        std::size_t width = 1;
        while (level < m_levels.size() && i % (width * fanOut) == 0 && i + width * fanOut <= last) {
            width *= fanOut;
            ++level;
        }
        if (level == 0)
            result.add(column[i]);
        else
            result.add(m_levels[level - 1][i / width]);
        i += width;
    }
    return result;
}

template class SeriesPyramid<float>;
template class SeriesPyramid<double>;

} // namespace kintsugi::ui
