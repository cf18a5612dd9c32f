// SPDX-License-Identifier: GPL-3.0-or-later
#include "gcode/indexcache.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "gcode/opengcode.h"
#include "gcode/quickscan.h"
#include "gcode/sidecar.h"

namespace kintsugi::gcode {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t hashChunk = 256 * 1024;
constexpr std::uint64_t largestSidecar = std::uint64_t{1} << 30;
constexpr std::uint64_t largeFile = 8 << 20;     ///< below this the full pass is as quick as the eye
constexpr std::uint64_t worthThreads = 64 << 20;
constexpr double quickShare = 0.1;               ///< of the time of both passes, roughly
constexpr std::string_view resumeFileMark = "; Kintsugi resume file";
constexpr std::string_view extension = ".kindex";
constexpr std::string_view tornExtension = ".part";

struct HashDelete {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

auto changed(const Source& source, const char* how)
{
    return fail(ErrorCode::FileChanged, how, source.name());
}

/// A file descriptor that closes itself.
class Descriptor
{
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor()
    {
        if (m_fd >= 0)
            ::close(m_fd);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return m_fd; }
    explicit operator bool() const { return m_fd >= 0; }

private:
    int m_fd;
};

/// Of a part of the whole work.
Progress portion(const Progress& progress, double from, double to)
{
    if (!progress)
        return {};
    return [&progress, from, to](double fraction) { return progress(from + (to - from) * fraction); };
}

std::vector<std::byte> readAll(const fs::path& path)
{
    // O_NONBLOCK: something else than a file under that name must not be waited for.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW));
    struct ::stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || static_cast<std::uint64_t>(status.st_size) > largestSidecar)
        return {};
    std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
    std::size_t done = 0;
    while (done < bytes.size()) {
        const auto got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return {};
        done += static_cast<std::size_t>(got);
    }
    const std::array<timespec, 2> now{timespec{.tv_sec = 0, .tv_nsec = UTIME_NOW}, timespec{.tv_sec = 0, .tv_nsec = UTIME_NOW}};
    ::futimens(file.get(), now.data()); // last used
    return bytes;
}

bool writeWhole(int fd, std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

/// Whole or not at all; two writers do not meet. A failure only means that the next opening takes longer.
void keep(const fs::path& path, const FileIndex& index, const SidecarKey& key, const std::string& map)
{
    static std::atomic<unsigned> number = 0;
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    const fs::path torn = path.string() + '-' + std::to_string(::getpid()) + '-' + std::to_string(++number) + std::string(tornExtension);
    bool whole = false;
    {
        const Descriptor file(::open(torn.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file)
            return;
        whole = writeSidecar(index, key, map, [&file](std::string_view bytes) { return writeWhole(file.get(), bytes); }) && ::fsync(file.get()) == 0;
    }
    if (!whole || ::rename(torn.c_str(), path.c_str()) != 0)
        ::unlink(torn.c_str());
}

struct Remembered {
    FileIndex index;
    std::string map;
};

std::optional<Remembered> remembered(const fs::path& path, const SidecarKey& key)
{
    const auto bytes = readAll(path);
    Remembered found;
    auto index = bytes.empty() ? std::nullopt : readSidecar(bytes, key, &found.map);
    if (!index)
        return std::nullopt;
    found.index = std::move(*index);
    return found;
}

/// Sum of "741.54, 512.48".
double sumOf(std::string_view list)
{
    double sum = 0;
    while (!list.empty()) {
        double value = 0;
        const std::size_t begin = std::min(list.find_first_not_of(", "), list.size());
        const auto [end, code] = std::from_chars(list.data() + begin, list.data() + list.size(), value);
        if (code != std::errc() || !std::isfinite(value))
            break;
        sum += value;
        list.remove_prefix(static_cast<std::size_t>(end - list.data()));
    }
    return sum;
}

/// Binary G-code has no mark of its end: one that lacks blocks extrudes less than its metadata say.
Result<> checkFilament(const Source& source, const FileIndex& index)
{
    constexpr double share = 0.9, slack = 20.0; // mm; slicers count start code and towers in different ways
    const ContainerMetadata* const metadata = source.metadata();
    if (!metadata || index.dialect != index.suggested)
        return {};
    double said = 0;
    for (const auto& [key, value] : metadata->print)
        said = key == "filament used [mm]" ? sumOf(value) : said;
    if (index.filamentMm >= share * said - slack)
        return {};
    std::array<std::byte, 32> head{};
    const auto count = source.read(0, head);
    if (!count)
        return fail(count.error());
    if (std::string_view(reinterpret_cast<const char*>(head.data()), *count).starts_with(resumeFileMark))
        return {}; // the metadata are those of the whole print
    Error error{.code = ErrorCode::FileDamaged, .detail = "its G-code ends before its filament does: mm of filament in the G-code, mm by its metadata",
                .file = source.name()};
    error.measured = index.filamentMm;
    error.limit = said;
    return fail(std::move(error));
}

Result<FileIndex> readIndex(const Source& source, Dialect dialect, const OpenOptions& options, double start)
{
    const auto size = source.size();
    if (!size)
        return fail(size.error());
    if (options.partial && *size >= largeFile) {
        const auto show = [&](FileIndex index) {
            index.size = *size; // an axis over the file must not stretch while it is read
            options.partial(index);
        };
        const auto quick = quickScan(source, dialect, {.progress = portion(options.progress, start, start + (1 - start) * quickShare),
                                                       .partial = show, .scan = {}});
        if (!quick)
            return fail(quick.error());
        if (quick->fallback == QuickIndex::Fallback::None)
            show(quick->index);
        start += (1 - start) * quickShare;
    }
    IndexOptions how;
    how.threads = *size >= worthThreads && std::thread::hardware_concurrency() > 1 ? 2 : 1;
    return buildIndex(source, dialect, portion(options.progress, start, 1), how);
}

} // namespace

Result<Indexed> openIndexed(const fs::path& path, Dialect dialect, const OpenOptions& options)
{
    constexpr double decoding = 0.5; // a container is decoded once before it can be read
    auto file = FileSource::open(path);
    if (!file)
        return fail(file.error());
    const fs::path sidecar = options.cacheFolder.empty() ? fs::path() : sidecarPath(options.cacheFolder, path, dialect);
    Result<SidecarKey> key = fail(ErrorCode::BadValue);
    if (!sidecar.empty()) {
        key = sidecarKey(**file, dialect);
        if (!key)
            return fail(key.error());
        if (auto known = options.believe ? remembered(sidecar, *key) : std::nullopt; known && known->index.size >= options.smallest) {
            auto source = openGcode(std::unique_ptr<Source>(std::move(*file)), {}, known->map);
            if (!source)
                return fail(source.error());
            if (const auto size = (*source)->size(); size && *size == known->index.size)
                return Indexed{.source = std::move(*source), .index = std::move(known->index), .remembered = true};
            file = FileSource::open(path);
            if (!file)
                return fail(file.error());
        }
    }
    auto source = openGcode(std::unique_ptr<Source>(std::move(*file)), portion(options.progress, 0, decoding));
    if (!source)
        return fail(source.error());
    const Source& text = **source;
    auto index = readIndex(text, dialect, options, text.container() == Container::None ? 0.0 : decoding);
    if (!index)
        return fail(index.error());
    if (auto whole = checkFilament(text, *index); !whole)
        return fail(whole.error());
    if (!sidecar.empty() && index->size >= options.smallest && index->stamp == key->stamp) {
        keep(sidecar, *index, *key, containerMap(text));
        pruneSidecars(options.cacheFolder, {}, sidecar);
    }
    return Indexed{.source = std::move(*source), .index = std::move(*index)};
}

Result<Indexed> openVerified(const fs::path& path, Dialect dialect, const OpenOptions& options)
{
    auto opened = openIndexed(path, dialect, options);
    if (!opened || !opened->remembered)
        return opened;
    const auto same = verifyWhole(*opened->source, opened->index, options.progress);
    if (same)
        return opened;
    if (same.error().code != ErrorCode::FileChanged)
        return fail(same.error());
    OpenOptions anew = options;
    anew.believe = false;
    opened = openIndexed(path, dialect, anew);
    if (opened)
        opened->changed = true;
    return opened;
}

Result<> verifyWhole(const Source& source, const FileIndex& index, const Progress& progress)
{
    const auto size = source.size();
    if (!size)
        return fail(size.error());
    if (*size != index.size)
        return changed(source, "the length differs from what was read before");
    // Of a container its file is compared: it is shorter, and the text is what it was when the file is.
    const Source& file = fileOf(source);
    const auto length = file.size();
    if (!length)
        return fail(length.error());
    if (*length != index.fileSize)
        return changed(source, "the length differs from what was read before");
    const std::unique_ptr<XXH3_state_t, HashDelete> hash(XXH3_createState());
    XXH3_64bits_reset(hash.get());
    std::vector<std::byte> buffer(hashChunk);
    for (ByteOffset at = 0; at < *length;) {
        const auto got = file.read(at, buffer);
        if (!got)
            return fail(got.error());
        if (*got == 0)
            return changed(source, "the file became shorter while it was read");
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(*got, *length - at));
        XXH3_64bits_update(hash.get(), buffer.data(), wanted);
        at += wanted;
        if (progress && !progress(static_cast<double>(at) / static_cast<double>(*length)))
            return fail(ErrorCode::Cancelled, {}, source.name());
    }
    if (XXH3_64bits_digest(hash.get()) != index.fileXxh3)
        return changed(source, "the content differs from what was read before");
    return {};
}

fs::path sidecarPath(const fs::path& cacheFolder, const fs::path& file, Dialect dialect)
{
    std::error_code error;
    const fs::path whole = fs::canonical(file, error);
    const std::string name = error ? fs::absolute(file, error).string() : whole.string();
    std::array<char, 17> hash{};
    std::snprintf(hash.data(), hash.size(), "%016llx", static_cast<unsigned long long>(XXH3_64bits(name.data(), name.size())));
    return cacheFolder / (std::string(hash.data()) + '-' + std::string(gcode::name(dialect)) + std::string(extension));
}

void pruneSidecars(const fs::path& cacheFolder, const CacheLimits& limits, const fs::path& keep)
{
    struct Kept {
        fs::path path;
        fs::file_time_type used;
        std::uint64_t size = 0;
    };
    constexpr auto tornAge = std::chrono::hours(1); // its writer is long gone
    const auto now = fs::file_time_type::clock::now();
    std::vector<Kept> all;
    std::uint64_t total = 0;
    std::error_code error;
    for (auto entry = fs::directory_iterator(cacheFolder, error); !error && entry != fs::directory_iterator(); entry.increment(error)) {
        std::error_code ignored;
        const fs::path& path = entry->path();
        const bool torn = path.extension() == tornExtension && path.string().find(extension) != std::string::npos;
        if ((path.extension() != extension && !torn) || path == keep || !fs::is_regular_file(entry->symlink_status(ignored)))
            continue;
        const Kept one{path, fs::last_write_time(path, ignored), fs::file_size(path, ignored)};
        if (ignored)
            continue;
        if (now - one.used > (torn ? std::chrono::hours(tornAge) : limits.age)) {
            fs::remove(path, ignored);
        } else if (!torn) {
            total += one.size;
            all.push_back(one);
        }
    }
    std::error_code none;
    const auto own = keep.empty() ? 0 : fs::file_size(keep, none);
    total += none ? 0 : own;
    std::ranges::sort(all, {}, &Kept::used);
    for (const Kept& one : all) {
        if (total <= limits.bytes)
            break;
        fs::remove(one.path, none);
        total -= one.size;
    }
}

} // namespace kintsugi::gcode
