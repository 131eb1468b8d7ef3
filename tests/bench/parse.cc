// Text to numbers: psmith's Reader on a file in the page cache, and a loop of
// strtoull and strtof over the same bytes in memory.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>

#include "data/reader.h"
#include "tests/bench/rows.h"
#include "tests/support/temp_dir.h"

namespace psmith::bench {
namespace {

struct TextFile {
  explicit TextFile(std::string given) : text(std::move(given)) {
    support::write_text(folder / "text", text);
  }
  std::string path() const { return (folder / "text").string(); }
  support::TempDir folder;
  std::string text;
};

const TextFile& libsvm_file() {
  static const TextFile file(libsvm_text(
      zipf_rows({.rows = pick(50000, 200), .keys = 47236, .spread = false})));
  return file;
}

const TextFile& csv_file() {
  static const TextFile file(csv_text(pick(40000, 100), 100, 1));
  return file;
}

void read(benchmark::State& state, const TextFile& file, data::Format format) {
  std::uint64_t rows = 0;
  data::RawBlock block;
  for (auto _ : state) {
    data::ReaderOptions options;
    options.inputs = {file.path()};
    options.format = format;
    if (format == data::Format::csv) options.columns.label = "y";
    auto reader = data::Reader::open(std::move(options)).value(1);
    while (reader->next(1024, block).value(1)) rows += block.row_count;
    benchmark::DoNotOptimize(block.value.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(
      state.iterations() * static_cast<std::int64_t>(file.text.size())));
  state.counters["rows"] = benchmark::Counter(static_cast<double>(rows),
                                              benchmark::Counter::kIsRate);
}

// Numbers between separators of one byte each, as C programs read them.
template <class Next>
void strtof_loop(benchmark::State& state, const TextFile& file, Next next) {
  for (auto _ : state) {
    const char* at = file.text.data();
    const char* const end = at + file.text.size();
    float sum = 0;
    while (at < end) at = next(at, sum);
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(
      state.iterations() * static_cast<std::int64_t>(file.text.size())));
}

void libsvm_psmith(benchmark::State& state) {
  read(state, libsvm_file(), data::Format::libsvm);
}

void libsvm_strtof(benchmark::State& state) {
  strtof_loop(state, libsvm_file(), [](const char* at, float& sum) {
    char* end = nullptr;
    sum += std::strtof(at, &end);
    while (*end == ' ') {
      std::uint64_t index = std::strtoull(end + 1, &end, 10);
      benchmark::DoNotOptimize(index);
      sum += std::strtof(end + 1, &end);
    }
    return const_cast<const char*>(end) + 1;
  });
}

void csv_psmith(benchmark::State& state) {
  read(state, csv_file(), data::Format::csv);
}

void csv_strtof(benchmark::State& state) {
  const auto header = csv_file().text.find('\n') + 1;
  strtof_loop(state, csv_file(), [&](const char* at, float& sum) {
    char* end = nullptr;
    if (at == csv_file().text.data()) at += header;
    sum += std::strtof(at, &end);
    return const_cast<const char*>(end) + 1;
  });
}

BENCHMARK(libsvm_psmith)->Name("parse_libsvm/psmith");
BENCHMARK(libsvm_strtof)->Name("parse_libsvm/strtof");
BENCHMARK(csv_psmith)->Name("parse_csv/psmith");
BENCHMARK(libsvm_psmith)->Name("parse_csv/libsvm");
BENCHMARK(csv_psmith)->Name("parse_csv_strtof/psmith");
BENCHMARK(csv_strtof)->Name("parse_csv_strtof/strtof");

}  // namespace
}  // namespace psmith::bench
