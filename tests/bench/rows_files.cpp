// SPDX-License-Identifier: GPL-3.0-or-later
// P8 and P9: writing a resume file at the middle; P14: decoding binary G-code.
#include <algorithm>
#include <fstream>

#include <unistd.h>

#include "../support/bgcodesample.h"
#include "bench.h"
#include "gcode/bgcodesource.h"
#include "gcode/indexcache.h"
#include "plainbgcode.h"
#include "recovery/resumewriter.h"

namespace kintsugi::bench {

namespace {

using namespace gcode;

constexpr std::size_t decodedAtMost = std::size_t{32} << 20;

/// Vanishes with its end.
struct Scratch {
    std::filesystem::path path;
    ~Scratch()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    [[nodiscard]] bool clear() const
    {
        std::error_code error;
        std::filesystem::remove(path, error);
        return !error;
    }
};

std::optional<recovery::Plan> planAtTheMiddle(const Source& source, const FileIndex& index)
{
    const auto snapshot = recovery::snapshotFromFile(source, index, index.size / 2);
    if (!snapshot)
        return std::nullopt;
    recovery::PrinterFacts wide;
    wide.minimum = {-1000, -1000, -10};
    wide.maximum = {1000, 1000, 1000};
    auto plan = recovery::planResume(source, index, *snapshot, wide, {});
    return plan ? std::optional(std::move(*plan)) : std::nullopt;
}

Work tail(const Bench& bench, const Scratch& out, ByteOffset byte)
{
    return {.run = {}, .command = {"sh", "-c", "rm -f \"$2\"; exec tail -c +$3 \"$1\" > \"$2\"", "sh", bench.file.string(), out.path.string(),
                                   std::to_string(byte + 1)}};
}

Work commandLine(const Bench& bench, const Scratch& out, ByteOffset byte)
{
    if (std::string_view(KINTSUGI_CLI).empty()) // a build of core alone
        return {.run = [] { return false; }, .command = {}};
    return {.run = {}, .command = {"sh", "-c", "rm -f \"$2\"; exec \"$0\" plan \"$1\" --byte $3 --dialect klipper --z-method keep --out \"$2\"",
                                   KINTSUGI_CLI, bench.file.string(), out.path.string(), std::to_string(byte)}};
}

/// What the program does with a file it has seen before: open, plan, compare, write.
bool fromTheSidecar(const Bench& bench, const Scratch& out, const std::filesystem::path& cache)
{
    const auto opened = openIndexed(bench.file, Dialect::Klipper, {.cacheFolder = cache, .progress = {}, .partial = {}});
    const auto plan = opened ? planAtTheMiddle(*opened->source, opened->index) : std::nullopt;
    return plan && out.clear() && recovery::writeResume(*opened->source, opened->index, *plan, out.path).has_value();
}

std::string milliseconds(double seconds) { return number(seconds * 1e3, 1) + " ms"; }

void resumeRows(const Bench& bench)
{
    const auto source = FileSource::open(bench.file);
    const auto index = source ? buildIndex(**source, Dialect::Klipper) : fail(source.error());
    const auto plan = index ? planAtTheMiddle(**source, *index) : std::nullopt;
    if (!plan)
        return missing("P8", "resume file at 50 %", "the middle of this file is no place to resume");
    const std::string own = "kintsugi_bench_" + std::to_string(::getpid());
    const Scratch out{bench.file.parent_path() / ('.' + own)};
    const Scratch cache{std::filesystem::temp_directory_path() / (own + "_cache")};
    const auto costs = inTurn(bench, {
        tail(bench, out, plan->snapshot.byte),
        {.run = [&] { return fromTheSidecar(bench, out, cache.path); }, .command = {}},
        {.run = [&] { return out.clear() && recovery::writeResume(**source, *index, *plan, out.path).has_value(); }, .command = {}},
        {.run = [&] { return verifyWhole(**source, *index).has_value(); }, .command = {}},
        commandLine(bench, out, plan->snapshot.byte),
    });
    const Cost &copy = costs[0], &known = costs[1], &write = costs[2], &verify = costs[3], &whole = costs[4];
    report("P8", "resume file at 50 %, with a side-car, from opening on", milliseconds(known.cpu) + " CPU", known.cpu / copy.cpu, "x tail -c", 1.5,
           1.0, Better::Less);
    report("P8", "  of it: every byte compared with the index", milliseconds(verify.cpu) + " CPU", verify.cpu / copy.cpu, "x tail -c", 1.5, 1.0,
           Better::Less);
    if (whole.cpu >= 0)
        report("P8", "resume file at 50 %, whole kintsugi-cli", milliseconds(whole.cpu) + " CPU", whole.cpu / copy.cpu, "x tail -c", 1.5, 1.0,
               Better::Less);
    else
        missing("P8", "resume file at 50 %, whole kintsugi-cli", "it refused this file or is not built");
    const double written = std::max(0.0, write.wall - verify.wall);
    report("P9", "the same without the comparison, fsync included", milliseconds(written), written * 1e3, "ms (with shared blocks)", 20, 2, Better::Less);
}

std::string firstBytes(const std::filesystem::path& path)
{
    std::ifstream in(path, std::ios::binary);
    std::string text(decodedAtMost, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

bool decodeOurs(const BgcodeSource& source)
{
    bgcode::BlockReader reader(source.file(), source.header());
    std::string text;
    return std::ranges::all_of(source.pieces(), [&](const BgcodeSource::Piece& piece) { return reader.decode(piece.block, text).has_value(); });
}

bool decodePlainly(const BgcodeSource& source, std::string_view bytes)
{
    return std::ranges::all_of(source.pieces(), [&](const BgcodeSource::Piece& piece) {
        const std::string_view packed = bytes.substr(piece.block.dataBegin(), piece.block.packedBytes);
        const auto meat = plain::unpackHeatshrink(packed, 12, piece.block.plainBytes);
        return meat && !plain::unpackMeat(*meat).empty();
    });
}

void decodeRow(const Bench& bench)
{
    const test::BgcodeSample sample = test::makeBgcode(firstBytes(bench.file), {.compression = test::Compression::Heatshrink12,
        .encoding = test::Encoding::MeatPackComments, .omitBlanks = true});
    const auto source = BgcodeSource::open(std::make_unique<MemorySource>(sample.bytes));
    if (!source)
        return missing("P14", "decoding binary G-code", "not a G-code text");
    const auto costs = inTurn(bench, {
        {.run = [&] { return decodeOurs(**source); }, .command = {}},
        {.run = [&] { return decodePlainly(**source, sample.bytes); }, .command = {}},
    });
    const Cost &ours = costs[0], &plainly = costs[1];
    const std::string speed = number(static_cast<double>(sample.text.size()) / 1e6 / ours.cpu, 0) + " MB/s of text";
    // libbgcode of 2026-03 decodes at 0.27 of the plain decoder's speed: twice and five times as fast as libbgcode.
    report("P14", "binary G-code, heatshrink 12/4 + MeatPack, 1 thread", speed, plainly.cpu / ours.cpu, "x bit by bit", 0.54, 1.35);
}

} // namespace

void rowsFiles(const Bench& bench)
{
    if (bench.wants({"P8", "P9"}))
        resumeRows(bench);
    if (bench.wants({"P14"}))
        decodeRow(bench);
}

} // namespace kintsugi::bench
