// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace kintsugi::gcode {

/// The decoded pieces of a container that were used last, by number; safe between threads.
class TextCache
{
public:
    using Text = std::shared_ptr<const std::string>;
    explicit TextCache(std::size_t maxBytes) : m_maxBytes(maxBytes) {}

    [[nodiscard]] Text find(std::uint64_t number)
    {
        const std::lock_guard lock(m_mutex);
        for (auto it = m_entries.begin(); it != m_entries.end(); ++it) {
            if (it->first == number) {
                m_entries.splice(m_entries.begin(), m_entries, it);
                return it->second;
            }
        }
        return nullptr;
    }

    /// Keeps at least the newest, whatever its size.
    void keep(std::uint64_t number, Text text)
    {
        const std::lock_guard lock(m_mutex);
        m_bytes += text->size();
        m_entries.emplace_front(number, std::move(text));
        while (m_entries.size() > 1 && (m_bytes > m_maxBytes || m_entries.size() > maxEntries)) {
            m_bytes -= m_entries.back().second->size();
            m_entries.pop_back();
        }
    }

private:
    static constexpr std::size_t maxEntries = 64; ///< they are looked through one by one

    std::mutex m_mutex;
    std::size_t m_maxBytes;
    std::size_t m_bytes = 0;
    std::list<std::pair<std::uint64_t, Text>> m_entries;
};

} // namespace kintsugi::gcode
