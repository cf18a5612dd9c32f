// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <vector>

namespace kintsugi::ui {

/// Minimum and maximum of any index range of an append-only column in a few dozen steps. NaN entries are skipped.
/// The column itself stays with its owner and is handed in again for the ends that are not whole blocks.
template <class T>
class SeriesPyramid
{
public:
    static constexpr std::size_t fanOut = 16;
    struct Range {
        T min = std::numeric_limits<T>::infinity();
        T max = -std::numeric_limits<T>::infinity();
        [[nodiscard]] bool isEmpty() const { return min > max; }
        void add(const Range& other);
        void add(T value);
    };

    void clear();
    /// Takes in what the column has grown by, at most `budget` entries; false while some are left.
    bool extend(std::span<const T> column, std::size_t budget = std::numeric_limits<std::size_t>::max());
    [[nodiscard]] std::size_t size() const { return m_size; }
    /// Over [first, last) of the part taken in so far.
    [[nodiscard]] Range range(std::span<const T> column, std::size_t first, std::size_t last) const;

private:
    void carryUp(std::size_t level);
    std::vector<std::vector<Range>> m_levels; ///< level k holds whole blocks of fanOut^(k+1) entries
    std::size_t m_size = 0;
};

extern template class SeriesPyramid<float>;
extern template class SeriesPyramid<double>;

} // namespace kintsugi::ui
