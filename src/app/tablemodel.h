// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <set>
#include <vector>

#include <QAbstractTableModel>

namespace kintsugi::app {

/// A flat table that is brought up to date by the smallest row changes, so that selection and scroll position survive.
class TableModel : public QAbstractTableModel
{
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;

protected:
    /// Makes `rows` equal to `next`; rows with equal, unique keys keep their place.
    template <class Row, class Key>
    void sync(std::vector<Row>& rows, std::vector<Row> next, Key key)
    {
        using KeyType = std::decay_t<decltype(key(next.front()))>;
        std::set<KeyType> wanted;
        for (const Row& row : next)
            wanted.insert(key(row));
        for (std::size_t end = rows.size(); end > 0;) {
            std::size_t first = end;
            while (first > 0 && !wanted.contains(key(rows[first - 1])))
                --first;
            removeRows(rows, first, end);
            end = first > 0 ? first - 1 : 0; // the row before stays
        }
        std::set<KeyType> present;
        for (const Row& row : rows)
            present.insert(key(row));
        for (std::size_t i = 0; i < next.size();) {
            std::size_t run = i;
            while (run < next.size() && !present.contains(key(next[run])))
                ++run;
            if (run > i) {
                beginInsertRows({}, static_cast<int>(i), static_cast<int>(run) - 1);
                const auto from = static_cast<std::ptrdiff_t>(i), to = static_cast<std::ptrdiff_t>(run);
                rows.insert(rows.begin() + from, next.begin() + from, next.begin() + to);
                endInsertRows();
                i = run;
                continue;
            }
            if (key(rows[i]) != key(next[i])) // it moved: take the old row out, the next turn puts it in
                takeOut(rows, present, key, key(next[i]));
            else
                rows[i] = std::move(next[i]), ++i;
        }
        if (!rows.empty())
            emit dataChanged(index(0, 0), index(static_cast<int>(rows.size()) - 1, columnCount() - 1));
    }

private:
    template <class Row>
    void removeRows(std::vector<Row>& rows, std::size_t first, std::size_t end)
    {
        if (first == end)
            return;
        beginRemoveRows({}, static_cast<int>(first), static_cast<int>(end) - 1);
        rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(first), rows.begin() + static_cast<std::ptrdiff_t>(end));
        endRemoveRows();
    }
    template <class Row, class Key, class KeyType>
    void takeOut(std::vector<Row>& rows, std::set<KeyType>& present, Key key, const KeyType& wanted)
    {
        const auto it = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return key(row) == wanted; });
        const auto at = static_cast<std::size_t>(it - rows.begin());
        removeRows(rows, at, at + 1);
        present.erase(wanted);
    }
};

} // namespace kintsugi::app
