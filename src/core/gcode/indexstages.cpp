// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/indexstages.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>

#include "gcode/hasher.h"

namespace kintsugi::gcode {

namespace {

constexpr std::size_t chunkSize = 256 * 1024;

std::uint64_t countNul(std::span<const std::byte> bytes)
{
    if (std::memchr(bytes.data(), 0, bytes.size()) == nullptr)
        return 0;
    return static_cast<std::uint64_t>(std::ranges::count(bytes, std::byte{0}));
}

struct Chunk {
    std::unique_ptr<std::byte[]> buffer = std::make_unique_for_overwrite<std::byte[]>(chunkSize);
    Result<IndexStages::Piece> piece = IndexStages::Piece{};
};

/// Reads, hashes and searches one chunk after another.
class Intake
{
public:
    Intake(const Source& source, std::uint64_t size)
        : m_source(source)
        , m_size(size)
    {
    }
    void fill(Chunk& chunk)
    {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(chunkSize, m_size - m_offset));
        const auto got = m_source.read(m_offset, std::span(chunk.buffer.get(), wanted));
        m_ended = !got || *got < wanted || wanted == 0;
        if (!got) {
            chunk.piece = fail(got.error());
        } else if (*got < wanted) {
            Error error{.code = ErrorCode::FileChanged, .detail = "the file became shorter while it was read", .file = m_source.name()};
            error.byte = m_offset + *got;
            chunk.piece = fail(std::move(error));
        } else {
            const std::span<const std::byte> bytes(chunk.buffer.get(), wanted);
            m_hash.add(bytes);
            chunk.piece = IndexStages::Piece{.bytes = bytes, .offset = m_offset, .nulBytes = wanted == 0 ? 0 : countNul(bytes)};
            m_offset += wanted;
        }
    }
    [[nodiscard]] bool ended() const { return m_ended; }
    [[nodiscard]] std::uint64_t hash() const { return m_hash.value(); }

private:
    const Source& m_source;
    std::uint64_t m_size;
    ByteOffset m_offset = 0;
    bool m_ended = false;
    Hasher m_hash;
};

class InlineStages final : public IndexStages
{
public:
    InlineStages(const Source& source, std::uint64_t size, const IndexOptions& options)
        : m_intake(source, size)
        , m_clock(options.model, options.path == FastPath::Best)
    {
    }
    Result<Piece> next() override
    {
        m_intake.fill(m_chunk);
        return m_chunk.piece;
    }
    MotionBatch* emptyBatch() override { return &m_batch; }
    MotionBatch* exchange(MotionBatch* batch) override
    {
        m_clock.run(*batch);
        batch->clear();
        return batch;
    }
    const std::vector<SlotTime>& times() override { return m_clock.times(); }
    std::uint64_t hash() override { return m_intake.hash(); }

private:
    Intake m_intake;
    Chunk m_chunk;
    MotionBatch m_batch;
    MotionClock m_clock;
};

/// A second thread keeps chunks filled and times what was read. Whoever has nothing to do waits for the other.
class ThreadedStages final : public IndexStages
{
public:
    ThreadedStages(const Source& source, std::uint64_t size, const IndexOptions& options)
        : m_intake(source, size)
        , m_clock(options.model, options.path == FastPath::Best)
    {
        for (Chunk& chunk : m_chunks)
            m_emptyChunks.push_back(&chunk);
        for (MotionBatch& batch : m_batches)
            m_emptyBatches.push_back(&batch);
        m_thread = std::thread([this] { work(); });
    }
    ~ThreadedStages() override
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stop = true;
        }
        m_changed.notify_all();
        m_thread.join();
    }

    Result<Piece> next() override
    {
        std::unique_lock lock(m_mutex);
        if (m_current)
            m_emptyChunks.push_back(m_current);
        m_changed.notify_all();
        m_changed.wait(lock, [this] { return !m_fullChunks.empty(); });
        m_current = m_fullChunks.front();
        m_fullChunks.pop_front();
        return m_current->piece;
    }
    MotionBatch* emptyBatch() override
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return !m_emptyBatches.empty(); });
        MotionBatch* const batch = m_emptyBatches.front();
        m_emptyBatches.pop_front();
        return batch;
    }
    MotionBatch* exchange(MotionBatch* batch) override
    {
        {
            const std::lock_guard lock(m_mutex);
            m_fullBatches.push_back(batch);
        }
        m_changed.notify_all();
        return emptyBatch();
    }
    const std::vector<SlotTime>& times() override
    {
        std::unique_lock lock(m_mutex);
        m_changed.wait(lock, [this] { return m_fullBatches.empty() && !m_busy; });
        return m_clock.times();
    }
    std::uint64_t hash() override
    {
        const std::lock_guard lock(m_mutex);
        return m_intake.hash();
    }

private:
    void work()
    {
        std::unique_lock lock(m_mutex);
        while (!m_stop) {
            // The reader of lines must not run dry; beyond that its moves come first.
            const bool canRead = !m_emptyChunks.empty() && !m_intake.ended();
            if (canRead && (m_fullChunks.empty() || m_fullBatches.empty()))
                read(lock);
            else if (!m_fullBatches.empty())
                time(lock);
            else
                m_changed.wait(lock);
        }
    }
    void read(std::unique_lock<std::mutex>& lock)
    {
        Chunk* const chunk = m_emptyChunks.front();
        m_emptyChunks.pop_front();
        lock.unlock();
        m_intake.fill(*chunk);
        lock.lock();
        m_fullChunks.push_back(chunk);
        m_changed.notify_all();
    }
    void time(std::unique_lock<std::mutex>& lock)
    {
        MotionBatch* const batch = m_fullBatches.front();
        m_fullBatches.pop_front();
        m_busy = true;
        lock.unlock();
        m_clock.run(*batch);
        batch->clear();
        lock.lock();
        m_busy = false;
        m_emptyBatches.push_back(batch);
        m_changed.notify_all();
    }

    Intake m_intake;    ///< the second thread's
    MotionClock m_clock; ///< the second thread's, until all batches are done
    std::array<Chunk, 4> m_chunks;
    std::array<MotionBatch, 6> m_batches;

    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<Chunk*> m_emptyChunks, m_fullChunks;
    std::deque<MotionBatch*> m_emptyBatches, m_fullBatches;
    Chunk* m_current = nullptr;
    bool m_busy = false, m_stop = false;
    std::thread m_thread;
};

} // namespace

std::unique_ptr<IndexStages> IndexStages::make(const Source& source, std::uint64_t size, const IndexOptions& options)
{
    if (options.threads > 1)
        try {
            return std::make_unique<ThreadedStages>(source, size, options);
        } catch (const std::system_error&) { // no thread to be had: the result is the same without
        }
    return std::make_unique<InlineStages>(source, size, options);
}

} // namespace kintsugi::gcode
